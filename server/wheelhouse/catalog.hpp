// The immutable in-memory picture of the wheelhouse. Swapped whole when the wheelhouse changes; whoever holds
// a shared_ptr to one keeps seeing the same wheels.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/sha256.hpp"
#include "packaging/target.hpp"
#include "wheelhouse/wheel.hpp"

namespace wheelbarrow::wheelhouse {

using WheelPtr = std::shared_ptr<const Wheel>;

// A Pyodide distribution folder: the runtime's files and its lock file.
struct PyodideDistribution {
  std::filesystem::path folder;
  std::string lock_text;     // pyodide-lock.json, byte for byte
  std::string abi_version;   // info.abi_version, e.g. "2025_0"
  packaging::Target target;  // from info.python and info.abi_version or info.platform
};

class Catalog {
 public:
  // What a catalog is made of; see the accessors of the same names.
  struct Parts {
    std::vector<WheelPtr> wheels;
    std::vector<Refusal> refusals;
    std::optional<PyodideDistribution> pyodide;
  };
  explicit Catalog(Parts parts);
  // projects_ points into parts_, so a catalog stays where it was made.
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // Names this catalog's content: equal wheels and distribution give equal ids, in every process. The key
  // under which resolutions may be remembered.
  const Sha256& id() const { return id_; }

  // Every wheel once, ordered by name, then version from high to low, then file name. Of several files with
  // the same SHA-256 one is kept.
  std::span<const WheelPtr> wheels() const { return parts_.wheels; }
  // The wheels of one project (canonical name), same order; empty if there are none.
  std::span<const WheelPtr> project(std::string_view name) const;
  // Null if this catalog has no such wheel.
  WheelPtr find(const Sha256& sha256) const;

  const std::vector<Refusal>& refusals() const { return parts_.refusals; }
  const std::optional<PyodideDistribution>& pyodide() const { return parts_.pyodide; }

 private:
  Parts parts_;
  Sha256 id_;
  std::map<std::string, std::span<const WheelPtr>, std::less<>> projects_;
  std::unordered_map<Sha256, WheelPtr> by_hash_;
};

}  // namespace wheelbarrow::wheelhouse
