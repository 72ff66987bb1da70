"""What nets learn from: data sets, drawings as 28×28 images, and data augmentation."""
