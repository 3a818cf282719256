import sys

if __name__ == "__main__":
    # The folder that Python puts first, for `-m`, is the project's: what asyncgen imports from
    # here on is never found there.
    if not sys.flags.safe_path:
        del sys.path[0]
    from asyncgen.start import main

    main()
