/** models.json as a module, made by the build, so that it is there at once. */
declare const index: {
  version: number;
  models: Array<{
    id: string;
    name: string;
    file: string;
    sha256: string;
    bytes: number;
    parameters: number;
    recipe: string;
    seed: number;
    mnist_test_accuracy: number;
  }>;
};
export default index;
