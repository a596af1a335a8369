// A folder that is removed with its object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace wheelbarrow::app {

class TemporaryFolder {
 public:
  static Result<std::unique_ptr<TemporaryFolder>> make() {
    std::string name = std::filesystem::temp_directory_path() / "wheelbarrow-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return fail(ErrorKind::io, "can't make a temporary folder", name);
    return std::make_unique<TemporaryFolder>(name);
  }
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace wheelbarrow::app
