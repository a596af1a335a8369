// The folder that `wheelbarrow export` writes: each file with its coded forms beside it (static_host.hpp).
// Files are replaced one by one and never removed, so whoever serves the folder meanwhile sends whole files
// only; what names others is for the caller to write last.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "app/static_host.hpp"
#include "app/whole_file.hpp"
#include "base/error.hpp"
#include "bundle/engine.hpp"

namespace wheelbarrow::app {

class ExportFolder {
 public:
  // `effort` is that of Brotli; the engine knows its own. REQUIRES: the engine outlives this object.
  ExportFolder(std::filesystem::path folder, bundle::Engine& engine, bundle::Effort effort)
      : folder_(std::move(folder)), engine_(engine), effort_(effort) {}

  // Removes what exports that were killed have left half written.
  Result<void> clean() const { return remove_abandoned_parts(folder_); }

  // Each writes the file at `path`, relative to the folder, and whatever form goes with its name. A file that
  // has the same bytes already is left alone, with its time.
  Result<void> write(const std::string& path, const bundle::BundlePtr& bundle);
  Result<void> write(const std::string& path, const store::Blob& blob);
  Result<void> write(const std::string& path, std::string_view text);

  // The bytes of a file that was written, by coding.
  Result<boost::json::object> sizes(const std::string& path) const;

 private:
  Result<void> put(const std::string& path, const Slices& body) const;
  template <class Content>
  Result<void> write_encoded(const std::string& path, const Content& content);
  template <class Content>
  void encode(const Content& content, const StaticForm& form, bundle::Callback<bundle::Encoded> done);

  std::filesystem::path folder_;
  bundle::Engine& engine_;
  bundle::Effort effort_;
};

}  // namespace wheelbarrow::app
