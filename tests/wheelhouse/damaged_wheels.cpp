#include "wheelhouse/damaged_wheels.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>

#include "base/sha256.hpp"
#include "wheelhouse/wheel_builder.hpp"

namespace wheelbarrow::test {
namespace {

DamagedWheel built(const std::string& kind, std::string expected,
                   const std::function<void(WheelBuilder&)>& build) {
  WheelBuilder wheel(kind);
  build(wheel);
  return {wheel.filename(), wheel.bytes(), std::move(expected)};
}

// A wheel with one more file, data.txt, about which RECORD has this line.
DamagedWheel with_record_line(const std::string& kind, const std::string& line, std::string expected) {
  return built(kind, std::move(expected),
               [&](WheelBuilder& wheel) { wheel.unlisted_file("data.txt", "data\n").record_line(line); });
}

std::string digest(std::string_view content) {
  return sha256(content).base64url();
}

}  // namespace

std::vector<DamagedWheel> damaged_descriptions() {
  const std::string good = digest("data\n");
  std::vector<DamagedWheel> all{
      built("no_metadata", "has no no_metadata-1.0.dist-info/METADATA",
            [](WheelBuilder& wheel) { wheel.without("METADATA"); }),
      built("no_wheel", "has no no_wheel-1.0.dist-info/WHEEL",
            [](WheelBuilder& wheel) { wheel.without("WHEEL"); }),
      built("no_record", "has no no_record-1.0.dist-info/RECORD",
            [](WheelBuilder& wheel) { wheel.without("RECORD"); }),
      built("no_dist_info", "has no .dist-info folder",
            [](WheelBuilder& wheel) { wheel.without("METADATA").without("WHEEL").without("RECORD"); }),
      built("dist_info_of_another", "belongs to another project",
            [](WheelBuilder& wheel) { wheel.dist_info("another-1.0.dist-info"); }),
      built("dist_info_of_other_version", "belongs to another project or version",
            [](WheelBuilder& wheel) { wheel.dist_info("dist_info_of_other_version-1.1.dist-info"); }),
      built("metadata_of_another", "METADATA names the project another",
            [](WheelBuilder& wheel) {
              wheel.metadata("Metadata-Version: 2.1\nName: another\nVersion: 1.0\n");
            }),
      built("metadata_of_other_version", "METADATA has version 2.0",
            [](WheelBuilder& wheel) {
              wheel.metadata("Metadata-Version: 2.1\nName: metadata-of-other-version\nVersion: 2.0\n");
            }),
      built("metadata_without_version", "METADATA can't be read",
            [](WheelBuilder& wheel) {
              wheel.metadata("Metadata-Version: 2.1\nName: metadata-without-version\n");
            }),
      built("metadata_not_text", "METADATA can't be read",
            [](WheelBuilder& wheel) { wheel.metadata(std::string("\0\1\2\3\xff", 5)); }),
      built("broken_requirement", "METADATA can't be read",
            [](WheelBuilder& wheel) { wheel.metadata_line("Requires-Dist: numpy >>> 1"); }),
      built("huge_metadata", "huge_metadata-1.0.dist-info/METADATA: is larger than the limit",
            [](WheelBuilder& wheel) { wheel.deflated().metadata_line("\n" + std::string(5 << 20, 'x')); }),
      built("wheel_version_2", "only 1.x is known",
            [](WheelBuilder& wheel) { wheel.wheel_text("Wheel-Version: 2.0\nTag: py3-none-any\n"); }),
      built("no_wheel_version", "WHEEL has no Wheel-Version",
            [](WheelBuilder& wheel) { wheel.wheel_text("Tag: py3-none-any\n"); }),
      built(
          "other_tag", "is not among those that WHEEL lists",
          [](WheelBuilder& wheel) { wheel.wheel_text("Wheel-Version: 1.0\nTag: cp39-cp39-linux_x86_64\n"); }),
      built("no_tag", "has a tag that is none",
            [](WheelBuilder& wheel) { wheel.wheel_text("Wheel-Version: 1.0\nTag: py3\n"); }),
      with_record_line("wrong_hash", "data.txt,sha256=" + digest("other\n") + ",5",
                       "data.txt: its hash is not the one in RECORD"),
      with_record_line("wrong_size", "data.txt,sha256=" + good + ",6",
                       "data.txt: has 5 bytes, but RECORD says 6"),
      with_record_line("md5_hash", "data.txt,md5=Yz3D8P9nF0HT8aVqTmzyBA,5", "data.txt by 'md5'"),
      with_record_line("sha1_hash", "data.txt,sha1=Yz3D8P9nF0HT8aVqTmzyBAAAAAA,5", "data.txt by 'sha1'"),
      with_record_line("empty_hash", "data.txt,sha256=,5", "empty hash of data.txt"),
      with_record_line("size_in_words", "data.txt,sha256=" + good + ",five",
                       "size of data.txt is not a number"),
      with_record_line("record_of_two_fields", "data.txt,sha256=" + good, "not path, hash and size"),
      with_record_line("record_with_open_quote", "\"data.txt,sha256=" + good + ",5",
                       "quote that is not closed"),
      with_record_line("record_contradicts_itself",
                       "data.txt,sha256=" + good + ",5\ndata.txt,sha256=" + digest("x") + ",1",
                       "lists data.txt twice"),
  };
  const WheelBuilder misnamed("misnamed");
  all.push_back({"misnamed-1.0.whl", misnamed.bytes(), "file name is not that of a wheel"});
  all.push_back(
      {"misnamed-not.a.version!-py3-none-any.whl", misnamed.bytes(), "file name is not that of a wheel"});
  all.push_back({"renamed-1.0-py3-none-any.whl", misnamed.bytes(), "belongs to another project"});
  return all;
}

std::vector<DamagedWheel> damaged_wheels() {
  std::vector<DamagedWheel> all = damaged_archives();
  for (auto more : {damaged_trees(), damaged_descriptions()}) {
    std::ranges::move(more, std::back_inserter(all));
  }
  return all;
}

}  // namespace wheelbarrow::test
