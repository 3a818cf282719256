# Makes the folder a package, so that the modules in it are found.
