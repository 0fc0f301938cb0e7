from outcomes import try_all

try_all()
