/**
 * Removes a version of a wheel as an installer would: by its RECORD.
 *
 * @module
 */

/** Python whose last expression says as JSON whether the distribution `name` had a RECORD and is gone. */
export const removal = `
import importlib.metadata as metadata, json, pathlib

def remove(distribution):
    if distribution.files is None:
        return False
    site = pathlib.Path(distribution.locate_file("")).resolve()
    files = [pathlib.Path(file.locate()).resolve() for file in distribution.files]
    for file in files:
        file.unlink(missing_ok=True)
    # Empty folders go too: importlib.metadata would take a dist-info without files for an installed distribution.
    folders = {folder for file in files for folder in file.parents if site in folder.parents}
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        try:
            folder.rmdir()
        except OSError:
            pass  # it holds something of others
    return True

json.dumps(remove(metadata.distribution(name)))`;
