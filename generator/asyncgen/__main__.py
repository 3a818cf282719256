"""`python -m asyncgen`"""

from asyncgen.cli import main

main(prog_name="asyncgen")
