#include <sys/stat.h>

#include <functional>
#include <string_view>

#include "wheelhouse/damaged_wheels.hpp"
#include "wheelhouse/wheel_builder.hpp"

namespace wheelbarrow::test {
namespace {

using namespace std::string_view_literals;

// A wheel whose bytes were changed after it was made.
DamagedWheel changed(const std::string& kind, std::string expected,
                     const std::function<void(std::string&)>& change) {
  const WheelBuilder wheel(kind);
  std::string bytes = wheel.bytes();
  change(bytes);
  return {wheel.filename(), std::move(bytes), std::move(expected)};
}

// A wheel of which the first entry, "<kind>.py", is told otherwise.
DamagedWheel first_entry(const std::string& kind, std::string expected,
                         const std::function<void(ZipFile&)>& change) {
  const WheelBuilder wheel(kind);
  std::vector<ZipFile> files = wheel.files();
  change(files.front());
  return {wheel.filename(), make_zip(files), std::move(expected)};
}

DamagedWheel entry_named(const std::string& kind, std::string path, std::string expected) {
  WheelBuilder wheel(kind);
  wheel.unlisted_file(std::move(path), "x\n");
  return {wheel.filename(), wheel.bytes(), std::move(expected)};
}

DamagedWheel two_files(const std::string& kind, const std::string& first, const std::string& second,
                       std::string expected) {
  WheelBuilder wheel(kind);
  wheel.file(first, "x = 1\n").file(second, "");
  return {wheel.filename(), wheel.bytes(), std::move(expected)};
}

// The entries of the directory refer to one and the same data, as in a bomb that multiplies one kernel.
std::string overlapping_entries(const WheelBuilder& wheel) {
  std::vector<ZipFile> files = wheel.files();
  files.push_back({.name = files.front().name, .content = files.front().content, .offset = 0});
  return make_zip(files);
}

std::string zip64_that_contradicts(const WheelBuilder& wheel) {
  return make_zip(wheel.files(), {.zip64 = true, .zip64_entries = 2});
}

}  // namespace

std::vector<DamagedWheel> damaged_archives() {
  std::vector<DamagedWheel> all{
      changed("empty_file", "is not a zip archive", [](std::string& zip) { zip.clear(); }),
      changed(
          "html_page", "is not a zip archive",
          [](std::string& zip) { zip = "<!DOCTYPE html><title>404 Not Found</title><p>No such wheel.</p>"; }),
      changed("cut_in_half", "cut short", [](std::string& zip) { zip.resize(zip.size() / 2); }),
      changed("last_byte_lost", "cut short", [](std::string& zip) { zip.pop_back(); }),
      changed("leading_garbage", "before the first entry",
              [](std::string& zip) { zip.insert(0, "#!/bin/sh\n"); }),
      changed("leading_archive", "not where its end record says",
              [](std::string& zip) { zip.insert(0, zip); }),
      changed("trailing_garbage", "7 bytes follow the end", [](std::string& zip) { zip += "garbage"; }),
      changed("no_entries", "the archive is empty", [](std::string& zip) { zip = make_zip({}); }),
      changed("damaged_directory", "directory is damaged at entry 1",
              [](std::string& zip) { zip[zip.find("PK\1\2")] = 'X'; }),
      changed("uncounted_entry", "more entries than its end record counts",
              [](std::string& zip) { patch_end_record(zip, 8, "\3\0\3\0"sv); }),
      changed("counts_too_many", "too small for its 200 entries",
              [](std::string& zip) { patch_end_record(zip, 8, "\xc8\0\xc8\0"sv); }),
      changed("counts_60000", "60000 entries, more than the limit",
              [](std::string& zip) { patch_end_record(zip, 8, "\x60\xea\x60\xea"sv); }),
      changed("several_disks", "spans several files",
              [](std::string& zip) { patch_end_record(zip, 4, "\1\0"sv); }),
      first_entry("encrypted", "is encrypted", [](ZipFile& file) { file.flags = 1; }),
      first_entry("aes_encrypted", "is encrypted", [](ZipFile& file) { file.method = 99; }),
      first_entry("lzma_compressed", "other than deflate", [](ZipFile& file) { file.method = 14; }),
      first_entry("wrong_crc", "CRC", [](ZipFile& file) { file.crc = 1; }),
      first_entry("broken_deflate", "broken_deflate.py",
                  [](ZipFile& file) {
                    file.method = 8;
                    file.raw_data = std::string(40, '\xff');
                  }),
      first_entry("stored_with_two_sizes", "two different sizes", [](ZipFile& file) { file.size = 5; }),
      first_entry("promises_less", "more bytes than its header says",
                  [](ZipFile& file) {
                    file.method = 8;
                    file.raw_data = deflated_zeros(64 << 20);
                    file.size = 100;
                  }),
      first_entry("promises_more", "promises_more.py: ZIP uncompressed data is wrong size",
                  [](ZipFile& file) {
                    file.deflated = true;
                    file.size = 1000;
                  }),
      first_entry("promises_3_gb", "more than the limit",
                  [](ZipFile& file) {
                    file.deflated = true;
                    file.size = 3'000'000'000;
                  }),
      first_entry("two_names", "local header contradicts",
                  [](ZipFile& file) { file.local_name = "two_namez.py"; }),
      first_entry("descriptor_lies", "data descriptor contradicts",
                  [](ZipFile& file) {
                    file.deflated = true;
                    file.descriptor = true;
                    file.descriptor_crc = 1;
                  }),
      first_entry("hidden_bytes", "belong to no entry", [](ZipFile& file) { file.after = "hidden"; }),
      first_entry("runs_past_the_end", "overlaps",
                  [](ZipFile& file) {
                    file.method = 8;
                    file.compressed_size = 1'000'000;
                  }),
  };
  const WheelBuilder overlapping("overlapping");
  all.push_back({overlapping.filename(), overlapping_entries(overlapping), "overlaps"});
  const WheelBuilder zip64("zip64_contradicts");
  all.push_back({zip64.filename(), zip64_that_contradicts(zip64), "zip64 end record contradicts"});
  return all;
}

std::vector<DamagedWheel> damaged_trees() {
  return {
      entry_named("parent_folder", "../evil.py", "leaves the archive's root"),
      entry_named("parent_inside", "a/../../evil.py", "leaves the archive's root"),
      entry_named("parent_in_data", "parent_in_data-1.0.data/purelib/../../../evil.py",
                  "leaves the archive's root"),
      entry_named("absolute", "/etc/evil.py", "is absolute"),
      entry_named("drive_letter", "C:/evil.py", "drive letter"),
      entry_named("backslash", "a\\..\\evil.py", "backslash"),
      entry_named("nul_in_name", std::string("evil.py\0.txt", 12), "control character"),
      entry_named("newline_in_name", "evil\n.py", "control character"),
      entry_named("empty_part", "a//evil.py", "empty part"),
      entry_named("dot_part", "a/./evil.py", "ambiguous"),
      entry_named("not_utf8", "caf\xe9.py", "not UTF-8"),
      entry_named("long_part", std::string(300, 'a') + ".py", "longer than 255"),
      first_entry("symbolic_link", "is a symbolic link",
                  [](ZipFile& file) { file.attributes = static_cast<std::uint32_t>(S_IFLNK | 0777) << 16U; }),
      first_entry("named_pipe", "is a special file",
                  [](ZipFile& file) { file.attributes = static_cast<std::uint32_t>(S_IFIFO | 0644) << 16U; }),
      first_entry("folder_by_attributes", "folder by its attributes",
                  [](ZipFile& file) { file.attributes = static_cast<std::uint32_t>(S_IFDIR | 0755) << 16U; }),
      entry_named("folder_with_content", "folder/", "folder that has content"),
      two_files("same_file_twice", "pkg/a.py", "pkg/a.py", "pkg/a.py is in the archive twice"),
      two_files("same_once_installed", "pkg/a.py", "same_once_installed-1.0.data/purelib/pkg/a.py",
                "pkg/a.py is in the archive twice once installed"),
      two_files("file_and_folder", "pkg", "pkg/a.py", "pkg is both a file and a folder"),
      two_files("file_and_empty_folder", "pkg", "pkg/", "pkg is both a file and a folder"),
      two_files("second_project", "other-2.0.dist-info/METADATA", "other-2.0.dist-info/RECORD",
                "more than one .dist-info folder"),
      two_files("second_project_hidden",
                "second_project_hidden-1.0.data/purelib/other-2.0.dist-info/METADATA", "x.py",
                "more than one .dist-info folder"),
  };
}

}  // namespace wheelbarrow::test
