"""`python -m charrnn`, the same as the command `charrnn`."""

from charrnn.cli.main import main

if __name__ == "__main__":
    main()
