from port_files import files

print(files())
