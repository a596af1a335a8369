// Changing a folder of wheels that servers watch: every change is one rename or link, so that nobody ever
// sees half a wheel.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::wheelhouse {

class WheelFolder {
 public:
  // ErrorKind::invalid_input if there is no such folder.
  static Result<WheelFolder> open(std::filesystem::path folder);

  struct Added {
    std::filesystem::path path;
    bool is_new = true;  // false: the very same file was there
  };
  // Copies a wheel into the folder, synced to disk, after read_wheel()'s checks of the copy. Fails with their
  // error; as ErrorKind::conflict where the folder, or one below it, has another wheel of that file name: a
  // wheel once published doesn't change, a new one needs a new version or build number.
  Result<Added> add(const std::filesystem::path& wheel, const WheelLimits& limits = {}) const;
  // The same of a wheel's bytes and file name; ErrorKind::invalid_input if that isn't one.
  Result<Added> add(const std::string& name, std::string_view bytes, const WheelLimits& limits = {}) const;

  // The wheels that `selector` means, in the folder and below it: a wheel's file name, or "name==version".
  // ErrorKind::invalid_input if it is neither, ErrorKind::not_found if there is none.
  Result<std::vector<std::filesystem::path>> find(std::string_view selector) const;

  // With its mark, if it is yanked.
  Result<void> remove(const std::filesystem::path& wheel) const;

  // Marks the wheel as yanked (PEP 592), or changes the reason. REQUIRES: check_yanked_reason().
  Result<void> yank(const std::filesystem::path& wheel, std::string_view reason) const;
  // No error if it isn't yanked.
  Result<void> take_yank_back(const std::filesystem::path& wheel) const;

 private:
  explicit WheelFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // `copy` writes the wheel to the path that it is given; `given` is what errors call it.
  Result<Added> add(const std::filesystem::path& given, const WheelLimits& limits,
                    const std::function<Result<void>(const std::filesystem::path&)>& copy) const;

  std::filesystem::path folder_;
};

}  // namespace wheelbarrow::wheelhouse
