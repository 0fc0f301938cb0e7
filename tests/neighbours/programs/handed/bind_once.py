from handed import bind, new

print(bind(new()))
