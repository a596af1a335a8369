// Pyodide lock files that point at this server (Pyodide's "pyodide-lock.json" format).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bundle/bundle.hpp"
#include "packaging/target.hpp"
#include "resolver/resolver.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::routes {

// The name of the package that is a whole bundle.
inline constexpr std::string_view bundle_package = "bundle";

// What to say where there is no distribution.
Error no_distribution();

// A lock file for the distribution's runtime. Its packages are those of the distribution's own lock whose
// files are in the catalog, with URLs at `root` (which ends in '/', absolute or relative); what the others
// depend on and lack is left out, so a package that is named can be loaded.
class PyodideLock {
 public:
  // ErrorKind::not_found if the catalog has no distribution, ErrorKind::corrupt if its lock can't be read.
  static Result<PyodideLock> make(const wheelhouse::Catalog& catalog, std::string root);

  // Takes the distribution's own packages out, for a place that has the runtime's files only.
  void forget_distribution();
  // Adds every project of the catalog that the target takes, in its best wheel that isn't yanked. Whether
  // those fit together is for a requirement set to say.
  void add_wheelhouse(const wheelhouse::Catalog& catalog, const packaging::Target& target);
  // Adds the wheels of a lock, replacing others of their names.
  void add(const resolver::Lock& lock);
  // Adds the bundle as one package, and its members as packages of their own, so that they count as known. Of
  // a bundle that is cut, the first part is the package, and depends on "bundle-2" and so on, the others:
  // Pyodide downloads them all at the same time.
  void add(const bundle::Bundle& bundle);

  std::string text() const;

  PyodideLock(PyodideLock&&) noexcept;
  PyodideLock& operator=(PyodideLock&&) noexcept;
  ~PyodideLock();

 private:
  struct Content;
  explicit PyodideLock(std::unique_ptr<Content> content);
  std::unique_ptr<Content> content_;
};

}  // namespace wheelbarrow::routes
