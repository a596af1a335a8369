#include "app/export_folder.hpp"

#include <vector>

#include "bundle/solid_form.hpp"
#include "bundle/wait.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
Result<void> ExportFolder::put(const std::string& path, const Slices& body) const {
  const fs::path place = folder_ / path;
  if (holds(place, body)) return {};
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  if (error) return fail(ErrorKind::io, "can't make the folder: " + error.message(), place.parent_path());
  return write_whole_file(place, body);
}

template <class Content>
void ExportFolder::encode(const Content& content, const StaticForm& form,
                          bundle::Callback<bundle::Encoded> done) {
  if (form.form) {
    engine_.encode(content, *form.form, std::move(done));
  } else {
    engine_.solid(content, effort_, std::move(done));
  }
}

template <class Content>
Result<void> ExportFolder::write_encoded(const std::string& path, const Content& content) {
  const auto put_form = [&](const StaticForm& form) -> Result<void> {
    const auto encoded = bundle::wait_for<bundle::Encoded>(
        [&](bundle::Callback<bundle::Encoded> done) { encode(content, form, std::move(done)); });
    if (!encoded) return std::unexpected(encoded.error());
    return put(path + std::string(form.ending), encoded->body);
  };
  if (auto written = put_form({bundle::Form::identity, "", ""}); !written || !has_forms(path)) return written;
  for (const StaticForm& form : static_forms) {
    if (auto written = put_form(form); !written) return written;
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
    auto coded = form.form ? bundle::compress(whole.bytes, *form.form, bundle::Effort::best)
                           : bundle::compress_brotli(whole.bytes);
    if (!coded) return std::unexpected(coded.error());
    if (auto written = put(path + std::string(form.ending), {Slice::of(std::move(*coded))}); !written)
      return written;
  }
  return {};
}

Result<boost::json::object> ExportFolder::sizes(const std::string& path) const {
  boost::json::object sizes;
  const auto add = [&](std::string_view coding, std::string_view ending) -> Result<void> {
    std::error_code error;
    const fs::path file = folder_ / (path + std::string(ending));
    const std::uint64_t size = fs::file_size(file, error);
    if (error) return fail(ErrorKind::io, "can't read the file: " + error.message(), file);
    sizes[coding] = size;
    return {};
  };
  for (const StaticForm& form : static_forms) {
    if (auto added = add(form.coding, form.ending); !added) return std::unexpected(added.error());
  }
  if (auto added = add("identity", ""); !added) return std::unexpected(added.error());
  return sizes;
}

}  // namespace wheelbarrow::app
