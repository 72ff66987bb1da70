"""What a web page calls: the Lab and its services."""
