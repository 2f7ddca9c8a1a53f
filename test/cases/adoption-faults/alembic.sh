echo "ModuleNotFoundError: No module named 'models'" >&2
exit 1
