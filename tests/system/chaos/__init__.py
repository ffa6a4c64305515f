"""The parts of chaos.py: what runs (house, proxy), what is asked of it (project, clients), what breaks it (nemesis),
and who judges (history)."""
