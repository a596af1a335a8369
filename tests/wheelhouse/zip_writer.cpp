#include "wheelhouse/zip_writer.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace wheelbarrow::test {
namespace {

void append(std::string& to, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) {
    to += static_cast<char>(value >> (8 * i) & 0xffU);
  }
}

// What both headers of an entry say.
struct Facts {
  std::string data;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint32_t compressed_size = 0;
  std::uint32_t size = 0;
};

Facts facts_of(const ZipFile& file) {
  Facts facts;
  facts.data = file.raw_data.value_or(file.deflated ? deflate(file.content) : file.content);
  facts.flags = static_cast<std::uint16_t>(file.flags | (file.descriptor ? 8U : 0U));
  facts.method = file.method.value_or(file.deflated ? 8 : 0);
  const auto* bytes = reinterpret_cast<const Bytef*>(file.content.data());
  facts.crc = file.crc.value_or(static_cast<std::uint32_t>(crc32_z(0, bytes, file.content.size())));
  facts.compressed_size = file.compressed_size.value_or(static_cast<std::uint32_t>(facts.data.size()));
  facts.size = file.size.value_or(static_cast<std::uint32_t>(file.content.size()));
  return facts;
}

// Version needed to names' length, common to both headers. A local header before a descriptor has zeros.
void append_facts(std::string& zip, const Facts& facts, bool zeros, std::size_t name_size) {
  append(zip, 20, 2);
  append(zip, facts.flags, 2);
  append(zip, facts.method, 2);
  append(zip, 0x00210000, 4);  // 1980-01-01
  append(zip, zeros ? 0 : facts.crc, 4);
  append(zip, zeros ? 0 : facts.compressed_size, 4);
  append(zip, zeros ? 0 : facts.size, 4);
  append(zip, name_size, 2);
  append(zip, 0, 2);  // extra field
}

class Deflater {
 public:
  Deflater() {
    if (deflateInit2(&stream_, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::runtime_error("deflateInit2");
    }
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void add(std::string_view content, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream_.avail_in = static_cast<uInt>(content.size());
    int status = Z_OK;
    do {
      std::array<char, 65536> buffer{};
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = buffer.size();
      status = ::deflate(&stream_, flush);
      data.append(buffer.data(), buffer.size() - stream_.avail_out);
    } while (stream_.avail_out == 0 || (flush == Z_FINISH && status != Z_STREAM_END));
  }

  std::string data;

 private:
  z_stream stream_{};
};

}  // namespace

std::string deflate(std::string_view content) {
  Deflater deflater;
  deflater.add(content, Z_FINISH);
  return deflater.data;
}

std::string deflated_zeros(std::uint64_t count) {
  Deflater deflater;
  const std::string zeros(1 << 20, '\0');
  while (count > 0) {
    const std::uint64_t piece = std::min<std::uint64_t>(count, zeros.size());
    deflater.add(std::string_view(zeros).substr(0, piece), Z_NO_FLUSH);
    count -= piece;
  }
  deflater.add({}, Z_FINISH);
  return deflater.data;
}

std::string make_zip(const std::vector<ZipFile>& files, const ZipOptions& options) {
  std::string zip;
  std::string directory;
  for (const ZipFile& file : files) {
    const Facts facts = facts_of(file);
    const std::uint64_t offset = zip.size();
    const std::string& local_name = file.local_name ? *file.local_name : file.name;
    append(zip, 0x04034b50, 4);
    append_facts(zip, facts, file.descriptor, local_name.size());
    zip += local_name + facts.data;
    if (file.descriptor) {
      append(zip, 0x08074b50, 4);
      append(zip, file.descriptor_crc.value_or(facts.crc), 4);
      append(zip, facts.compressed_size, 4);
      append(zip, facts.size, 4);
    }
    zip += file.after;
    append(directory, 0x02014b50, 4);
    append(directory, 3U << 8U | 20U, 2);  // made on Unix
    append_facts(directory, facts, false, file.name.size());
    append(directory, 0, 6);  // comment, disk, internal attributes
    append(directory, file.attributes, 4);
    append(directory, file.offset.value_or(static_cast<std::uint32_t>(offset)), 4);
    directory += file.name;
  }
  const std::uint64_t directory_offset = zip.size();
  zip += directory;
  if (options.zip64) {
    const std::uint64_t end_offset = zip.size();
    append(zip, 0x06064b50, 4);
    append(zip, 44, 8);
    append(zip, 45, 2);
    append(zip, 45, 2);
    append(zip, 0, 8);
    append(zip, options.zip64_entries.value_or(files.size()), 8);
    append(zip, options.zip64_entries.value_or(files.size()), 8);
    append(zip, directory.size(), 8);
    append(zip, directory_offset, 8);
    append(zip, 0x07064b50, 4);
    append(zip, 0, 4);
    append(zip, end_offset, 8);
    append(zip, 1, 4);
  }
  append(zip, 0x06054b50, 4);
  append(zip, 0, 4);
  const bool saturated = options.zip64 && !options.zip64_entries;
  append(zip, saturated ? 0xffff : files.size(), 2);
  append(zip, saturated ? 0xffff : files.size(), 2);
  append(zip, saturated ? 0xffffffff : directory.size(), 4);
  append(zip, saturated ? 0xffffffff : directory_offset, 4);
  append(zip, options.comment.size(), 2);
  return zip + options.comment;
}

void patch_end_record(std::string& zip, std::size_t offset, std::string_view bytes) {
  zip.replace(zip.rfind("PK\5\6") + offset, bytes.size(), bytes);
}

}  // namespace wheelbarrow::test
