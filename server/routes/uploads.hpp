// Wheels that come in over HTTP as twine and `uv publish` send them: the legacy upload API of PyPI
// (warehouse's documentation, "Upload API"), POST of a multipart/form-data form to /legacy/. Only who shows
// the token gets as far as sending a body, and that goes to disk as it comes.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/error.hpp"
#include "base/slice.hpp"
#include "http/bearer_token.hpp"
#include "http/body_file.hpp"
#include "http/message.hpp"
#include "wheelhouse/wheel_folder.hpp"

namespace wheelbarrow::routes {

struct UploadOptions {
  std::filesystem::path token;    // see http::BearerToken
  std::filesystem::path folder;   // what takes the wheels
  std::filesystem::path scratch;  // where bodies lie meanwhile
  std::uint64_t max_size = 0;     // bytes of a wheel
  wheelhouse::WheelLimits limits;
};

class Uploads {
 public:
  // An error if the token can't be read or the folder isn't there.
  static Result<std::unique_ptr<Uploads>> make(UploadOptions options);

  // Reads the token again. On an error the old one stays in use.
  Result<void> reload();

  // Whether the request is one.
  static bool is_meant(const http::Request& request);

  // Where its body goes, or 401 or 403. REQUIRES: is_meant().
  std::expected<std::shared_ptr<http::BodyFile>, http::Response> receive(const http::Request& request) const;

  // Puts the form's wheel into the folder, after every check. ErrorKind::conflict if another wheel of that
  // name is there; the very same one is no error. Waits for the disk.
  Result<wheelhouse::WheelFolder::Added> take(const Slice& form, std::string_view content_type) const;

 private:
  Uploads(UploadOptions options, wheelhouse::WheelFolder folder)
      : options_(std::move(options)), folder_(std::move(folder)) {}

  UploadOptions options_;
  wheelhouse::WheelFolder folder_;
  std::atomic<std::shared_ptr<const http::BearerToken>> token_;
};

}  // namespace wheelbarrow::routes
