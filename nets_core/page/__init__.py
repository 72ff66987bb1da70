"""What a web page asks for: the Lab, its services, and the words that they answer with."""
