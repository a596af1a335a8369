#include "app/export_folder.hpp"

#include <vector>

#include "app/static_host.hpp"
#include "app/whole_file.hpp"
#include "bundle/wait.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
namespace {

template <class Content>
Result<bundle::Encoded> encode(bundle::Engine& engine, const Content& content, bundle::Form form) {
  return bundle::wait_for<bundle::Encoded>(
      [&](bundle::Callback<bundle::Encoded> done) { engine.encode(content, form, std::move(done)); });
}

}  // namespace

Result<void> ExportFolder::put(const std::string& path, const Slices& body) const {
  const fs::path place = folder_ / path;
  if (holds(place, body)) return {};
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  if (error) return fail(ErrorKind::io, "can't make the folder: " + error.message(), place.parent_path());
  return write_whole_file(place, body);
}

template <class Content>
Result<void> ExportFolder::write_encoded(const std::string& path, const Content& content) {
  const auto identity = encode(engine_, content, bundle::Form::identity);
  if (!identity) return std::unexpected(identity.error());
  if (auto written = put(path, identity->body); !written || !has_forms(path)) return written;
  for (const StaticForm& form : static_forms) {
    const auto encoded = encode(engine_, content, form.form);
    if (!encoded) return std::unexpected(encoded.error());
    if (auto written = put(path + std::string(form.ending), encoded->body); !written) return written;
  }
  return {};
}

Result<void> ExportFolder::write(const std::string& path, const bundle::BundlePtr& bundle) {
  return write_encoded(path, bundle);
}

Result<void> ExportFolder::write(const std::string& path, const store::Blob& blob) {
  return write_encoded(path, blob);
}

Result<void> ExportFolder::write(const std::string& path, std::string_view text) {
  const Slice whole = Slice::of(std::string(text));
  if (auto written = put(path, {whole}); !written || !has_forms(path)) return written;
  for (const StaticForm& form : static_forms) {
    auto coded = bundle::compress(whole.bytes, form.form, bundle::Effort::best);
    if (!coded) return std::unexpected(coded.error());
    if (auto written = put(path + std::string(form.ending), {Slice::of(std::move(*coded))}); !written)
      return written;
  }
  return {};
}

}  // namespace wheelbarrow::app
