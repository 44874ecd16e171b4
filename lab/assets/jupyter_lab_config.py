"""JupyterLab as the workbook opens it: on loopback, behind a token, silent towards the network."""

c = get_config()  # noqa: F821  (Jupyter defines it)

c.ServerApp.ip = "127.0.0.1"
# A remote host name may not lead a browser here.
c.ServerApp.allow_remote_access = False
# Containers run everything as root; the token guards the server there too.
c.ServerApp.allow_root = True
# Jupyter makes a new token for each start; the address that it prints carries it.
c.LabApp.default_url = "/lab/tree/notebooks/rust/00_start.ipynb"

# Nothing phones home: no news, no look for a newer version, no list of extensions.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

# The search for language servers runs npm, which leaves its logs in the home folder.
c.LanguageServerManager.autodetect = False

# A deleted file is gone; the bin would be in the home folder.
c.FileContentsManager.delete_to_trash = False

# Only what a person needs to see: the address, and what goes wrong.
c.Application.log_level = "WARN"
