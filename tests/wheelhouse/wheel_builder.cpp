#include "wheelhouse/wheel_builder.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "base/sha256.hpp"

namespace wheelbarrow::test {
namespace fs = std::filesystem;

WheelBuilder::WheelBuilder(std::string name, std::string version, std::string tag)
    : name_(std::move(name)), version_(std::move(version)), tag_(std::move(tag)) {
  dist_info_ = name_ + "-" + version_ + ".dist-info";
  metadata_ = "Metadata-Version: 2.1\nName: " + name_ + "\nVersion: " + version_ + "\n";
  wheel_ = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: " + tag_ + "\n";
  file(name_ + ".py", "answer = 42\n");
}

WheelBuilder& WheelBuilder::file(std::string path, std::string content) {
  files_.emplace_back(ZipFile{.name = std::move(path), .content = std::move(content)}, true);
  return *this;
}

WheelBuilder& WheelBuilder::unlisted_file(std::string path, std::string content) {
  files_.emplace_back(ZipFile{.name = std::move(path), .content = std::move(content)}, false);
  return *this;
}

WheelBuilder& WheelBuilder::metadata_line(const std::string& line) {
  metadata_ += line + "\n";
  return *this;
}

WheelBuilder& WheelBuilder::record_line(const std::string& line) {
  record_ += line + "\n";
  return *this;
}

WheelBuilder& WheelBuilder::metadata(std::string text) {
  metadata_ = std::move(text);
  return *this;
}

WheelBuilder& WheelBuilder::wheel_text(std::string text) {
  wheel_ = std::move(text);
  return *this;
}

WheelBuilder& WheelBuilder::record(std::string text) {
  record_ = std::move(text);
  record_given_ = true;
  return *this;
}

WheelBuilder& WheelBuilder::without(std::string_view dist_info_file) {
  without_.emplace_back(dist_info_file);
  return *this;
}

WheelBuilder& WheelBuilder::dist_info(std::string folder) {
  dist_info_ = std::move(folder);
  return *this;
}

WheelBuilder& WheelBuilder::deflated() {
  deflated_ = true;
  return *this;
}

std::string WheelBuilder::filename() const {
  return name_ + "-" + version_ + "-" + tag_ + ".whl";
}

std::vector<ZipFile> WheelBuilder::files() const {
  auto all = files_;
  const auto add = [&](std::string_view name, const std::string& text) {
    if (std::ranges::find(without_, name) == without_.end()) {
      all.emplace_back(ZipFile{.name = dist_info_ + "/" + std::string(name), .content = text}, true);
    }
  };
  add("METADATA", metadata_);
  add("WHEEL", wheel_);
  std::string record = record_;
  if (!record_given_) {
    for (const auto& [file, listed] : all) {
      record += listed ? file.name + "," + record_hash(file.content) + "\n" : "";
    }
    record += dist_info_ + "/RECORD,,\n";
  }
  add("RECORD", record);
  std::vector<ZipFile> files;
  for (auto& [file, listed] : all) {
    file.deflated = deflated_;
    files.push_back(std::move(file));
  }
  return files;
}

fs::path WheelBuilder::write(const fs::path& folder) const {
  const fs::path path = folder / filename();
  write_file(path, bytes());
  make_older(path, 1);
  return path;
}

std::string record_hash(std::string_view content) {
  return "sha256=" + sha256(content).base64url() + "," + std::to_string(content.size());
}

void write_file(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    throw std::runtime_error("can't write " + path.string());
  }
}

void make_older(const fs::path& path, int seconds) {
  fs::last_write_time(path, fs::last_write_time(path) - std::chrono::seconds(seconds));
}

std::string make_tar(const std::vector<std::pair<std::string, std::string>>& files,
                     TarCompression compression, const std::string& link) {
  const TemporaryFolder folder;
  const fs::path path = folder / "archive";
  archive* tar = archive_write_new();
  archive_write_set_format_ustar(tar);
  switch (compression) {
    case TarCompression::none:
      break;
    case TarCompression::gzip:
      archive_write_add_filter_gzip(tar);
      break;
    case TarCompression::bzip2:
      archive_write_add_filter_bzip2(tar);
      break;
    case TarCompression::xz:
      archive_write_add_filter_xz(tar);
      break;
  }
  archive_write_open_filename(tar, path.c_str());
  archive_entry* entry = archive_entry_new();
  for (const auto& [name, content] : files) {
    archive_entry_clear(entry);
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, name.ends_with('/') ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_write_header(tar, entry);
    archive_write_data(tar, content.data(), content.size());
  }
  if (!link.empty()) {
    archive_entry_clear(entry);
    archive_entry_set_pathname(entry, link.c_str());
    archive_entry_set_filetype(entry, AE_IFLNK);
    archive_entry_set_symlink(entry, "/etc/passwd");
    archive_write_header(tar, entry);
  }
  archive_entry_free(entry);
  archive_write_free(tar);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace wheelbarrow::test
