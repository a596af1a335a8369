// Makes wheels for tests: whole ones in a line, and odd ones by changing a part of one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "temporary_folder.hpp"
#include "wheelhouse/zip_writer.hpp"

namespace wheelbarrow::test {

// A wheel with one module "<name>.py" until told otherwise; METADATA, WHEEL and RECORD are made to fit.
class WheelBuilder {
 public:
  explicit WheelBuilder(std::string name, std::string version = "1.0", std::string tag = "py3-none-any");

  WheelBuilder& file(std::string path, std::string content);
  WheelBuilder& unlisted_file(std::string path, std::string content);
  WheelBuilder& metadata_line(const std::string& line);
  WheelBuilder& record_line(const std::string& line);
  // Replace a whole file; an empty optional file is left out where `without` is named.
  WheelBuilder& metadata(std::string text);
  WheelBuilder& wheel_text(std::string text);
  WheelBuilder& record(std::string text);
  WheelBuilder& without(std::string_view dist_info_file);
  WheelBuilder& dist_info(std::string folder);
  WheelBuilder& deflated();

  std::string filename() const;
  std::string dist_info() const { return dist_info_; }
  std::vector<ZipFile> files() const;
  std::string bytes() const { return make_zip(files()); }
  // Writes the wheel into `folder`, a second old, so that its status tells it from a later version of it.
  std::filesystem::path write(const std::filesystem::path& folder) const;

 private:
  std::string name_;
  std::string version_;
  std::string tag_;
  std::string dist_info_;
  std::string metadata_;
  std::string wheel_;
  std::string record_;
  bool record_given_ = false;
  bool deflated_ = false;
  std::vector<std::string> without_;
  std::vector<std::pair<ZipFile, bool>> files_;  // whether RECORD lists it
};

// "sha256=...,size" as RECORD writes it.
std::string record_hash(std::string_view content);

void write_file(const std::filesystem::path& path, std::string_view bytes);
// Sets the time of the last change into the past.
void make_older(const std::filesystem::path& path, int seconds);

enum class TarCompression { none, gzip, bzip2, xz };
std::string make_tar(const std::vector<std::pair<std::string, std::string>>& files,
                     TarCompression compression, const std::string& link = {});

}  // namespace wheelbarrow::test
