#include "bundle/layer.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "bundle/layer_report.hpp"
#include "bundle/module_names.hpp"
#include "bundle/record.hpp"
#include "bundle/tar.hpp"

namespace wheelbarrow::bundle {
namespace {

struct Entry {
  std::string path;  // installed
  std::uint64_t size = 0;
  Sha256 sha256;
  std::uint64_t content_offset = 0;         // in the layer
  std::optional<std::string> written_here;  // content that doesn't come from the wheel
};

bool is_dist_info_file(std::string_view path, std::string_view name) {
  const std::size_t slash = path.find('/');
  return slash != std::string_view::npos && path.substr(0, slash).ends_with(".dist-info") &&
         path.substr(slash + 1) == name;
}

// What the installer writes or what only the wheel file itself can vouch for.
bool is_replaced(std::string_view path) {
  static constexpr std::string_view names[] = {"INSTALLER",       "PYODIDE_SOURCE", "RECORD",
                                               "RECORD.jws",      "RECORD.p7s",     "REQUESTED",
                                               "direct_url.json", layer_report_name};
  return std::ranges::any_of(names, [&](std::string_view name) { return is_dist_info_file(path, name); });
}

// By the documented order; see the header.
int rank_of(const Entry& entry) {
  if (is_dist_info_file(entry.path, layer_report_name)) return 0;
  return entry.path.ends_with(".so") ? 1 : 2;
}

// What stands behind the last dot of the file's name; nothing if there is none.
std::string_view kind_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

bool stands_before(const Entry& a, const Entry& b) {
  if (rank_of(a) != rank_of(b)) return rank_of(a) < rank_of(b);
  if (rank_of(a) == 1 && a.size != b.size) return a.size > b.size;
  return std::pair(kind_of(a.path), std::string_view(a.path)) <
         std::pair(kind_of(b.path), std::string_view(b.path));
}

unsigned mode_of(std::string_view path) {
  const std::size_t slash = path.find('/');
  const bool script = slash != std::string_view::npos && path.substr(0, slash).ends_with(".data") &&
                      path.substr(slash).starts_with("/scripts/");
  return script ? 0755 : 0644;
}

Entry written_entry(std::string path, std::string content) {
  Entry entry;
  entry.path = std::move(path);
  entry.size = content.size();
  entry.sha256 = sha256(content);
  entry.written_here = std::move(content);
  return entry;
}

std::string layer_path(const LayerRecipe& recipe, std::string_view archive_path) {
  return recipe.below.empty() ? wheelhouse::installed_path(archive_path)
                              : recipe.below + std::string(archive_path);
}

// Gives each entry its place, writes the headers, returns where the next entry would begin.
Result<void> write_headers(std::vector<Entry>& entries, store::BlobWriter& out) {
  std::uint64_t offset = 0;
  for (Entry& entry : entries) {
    const std::string header = tar_header(entry.path, entry.size, mode_of(entry.path));
    if (auto written = out.write_at(offset, std::as_bytes(std::span(header))); !written) return written;
    entry.content_offset = offset + header.size();
    offset = entry.content_offset + entry.size;
    // Gaps read as zeros; only the very end has to be written.
    const std::string padding(round_up_to_block(entry.size) - entry.size, '\0');
    if (auto written = out.write_at(offset, std::as_bytes(std::span(padding))); !written) return written;
    offset += padding.size();
  }
  return {};
}

void leave_out(std::vector<Entry>& entries, StripSet strip,
               const std::map<std::string, StripClass, std::less<>>& left_out, LayerReport& report) {
  for (std::size_t i = 0; i < strip_classes().size(); ++i) {
    if (strip.contains(static_cast<StripClass>(i))) report.left_out[static_cast<StripClass>(i)] = {};
  }
  std::erase_if(entries, [&](const Entry& entry) {
    const auto found = left_out.find(entry.path);
    if (found == left_out.end()) return false;
    LayerReport::Count& count = report.left_out[found->second];
    ++count.files;
    count.bytes += entry.size;
    return true;
  });
}

// Sources by path, while it isn't known which of them stay.
class Sources {
 public:
  explicit Sources(const LayerRecipe& recipe) : recipe_(recipe) {}

  Result<void> see(const std::string& path, std::string_view content) {
    if (!recipe_.bytecode || !is_module_path(path)) return {};
    total_ += content.size();
    if (total_ > Compilers::max_source_size) {
      return fail(ErrorKind::limit,
                  "has more than 128 MiB of Python source, which is not compiled; ask with bytecode=off",
                  recipe_.filename);
    }
    sources_.emplace(path, content);
    return {};
  }

  // Adds the bytecode of the modules among `entries`, and takes away what it stands for.
  Result<void> compile_into(std::vector<Entry>& entries, const Compile& compile, LayerReport& report) {
    if (!recipe_.bytecode) return {};
    std::vector<std::string> paths;
    std::vector<ModuleSource> modules;
    for (const Entry& entry : entries) {
      if (sources_.contains(entry.path)) paths.push_back(entry.path);
    }
    std::ranges::sort(paths);
    const std::set<std::string, std::less<>> read_as_files = named_files(paths);
    modules.reserve(paths.size());
    for (const std::string& path : paths) {
      modules.push_back(
          {code_folder(*recipe_.bytecode, recipe_.pyodide) + path, std::move(sources_.at(path))});
    }
    auto compiled = compile(*recipe_.bytecode, modules);
    if (!compiled) return std::unexpected(compiled.error());
    // A wheel's own file of that name would never be imported, or only if it fits: ours takes its place.
    std::set<std::string, std::less<>> replaced;
    std::vector<Entry> made;
    made.reserve(paths.size());
    for (std::size_t i = 0; i < paths.size(); ++i) {
      CompiledModule& module = (*compiled)[i];
      if (module.file.empty()) {
        report.not_compiled.emplace(paths[i], module.reason);
        continue;
      }
      BytecodeRecipe place = *recipe_.bytecode;
      if (read_as_files.contains(paths[i].substr(paths[i].rfind('/') + 1))) place.mode = BytecodeMode::beside;
      made.push_back(written_entry(bytecode_path(place, paths[i]), std::move(module.file)));
      replaced.insert(made.back().path);
      if (place.mode == BytecodeMode::instead) replaced.insert(paths[i]);
    }
    std::erase_if(entries, [&](const Entry& entry) { return replaced.contains(entry.path); });
    std::ranges::move(made, std::back_inserter(entries));
    return {};
  }

 private:
  // Names of sources in sources: what a module may open as a file, as OpenCV does with config.py.
  std::set<std::string, std::less<>> named_files(const std::vector<std::string>& paths) const {
    std::set<std::string, std::less<>> names;
    for (const std::string& path : paths) {
      for_each_name(path, sources_.at(path), [&](std::string_view name) {
        if (name.ends_with(".py")) names.emplace(name);
      });
    }
    return names;
  }

  const LayerRecipe& recipe_;
  std::map<std::string, std::string, std::less<>> sources_;
  std::size_t total_ = 0;  // bytes
};

// The tree's entries with their hashes: one pass over the wheel.
Result<std::vector<Entry>> list_entries(const LayerRecipe& recipe, const Slice& wheel,
                                        const wheelhouse::WheelLimits& limits, const Compile& compile) {
  std::vector<Entry> entries;
  Trim trim(recipe.strip);
  Sources sources(recipe);
  std::string dist_info;
  const auto listed = wheelhouse::for_each_file(
      wheel, recipe.filename, limits, [&](const wheelhouse::WheelFile& file) -> Result<void> {
        if (is_dist_info_file(file.path, "WHEEL")) dist_info = file.path.substr(0, file.path.find('/'));
        Entry entry;
        entry.path = layer_path(recipe, file.path);
        if (recipe.below.empty() && is_replaced(entry.path)) return {};
        entry.size = file.content.size();
        entry.sha256 = sha256(file.content);
        const std::string_view content(reinterpret_cast<const char*>(file.content.data()),
                                       file.content.size());
        trim.see(entry.path, content);
        if (auto seen = sources.see(entry.path, content); !seen) return seen;
        entries.push_back(std::move(entry));
        return {};
      });
  if (!listed) return std::unexpected(listed.error());
  if (recipe.below.empty()) {
    if (dist_info.empty()) return fail(ErrorKind::corrupt, "the wheel has no WHEEL file", recipe.filename);
    LayerReport report;
    leave_out(entries, recipe.strip, trim.left_out(), report);
    if (auto compiled = sources.compile_into(entries, compile, report); !compiled) {
      return std::unexpected(compiled.error());
    }
    if (recipe.reports()) {
      entries.push_back(written_entry(dist_info + "/" + std::string(layer_report_name), to_text(report)));
    }
    entries.push_back(written_entry(dist_info + "/INSTALLER", "wheelbarrow\n"));
    if (recipe.pyodide) entries.push_back(written_entry(dist_info + "/PYODIDE_SOURCE", "pyodide"));
    std::ranges::sort(entries, stands_before);
    std::string record;
    std::vector<const Entry*> by_path;
    by_path.reserve(entries.size());
    for (const Entry& entry : entries) {
      by_path.push_back(&entry);
    }
    std::ranges::sort(by_path, {}, [](const Entry* entry) -> const std::string& { return entry->path; });
    for (const Entry* entry : by_path) {
      record += record_line(entry->path, entry->sha256, entry->size);
    }
    record += record_line(dist_info + "/RECORD");
    entries.push_back(written_entry(dist_info + "/RECORD", std::move(record)));
  } else {
    std::ranges::sort(entries, stands_before);
  }
  return entries;
}

Result<void> write_site_layer(const LayerRecipe& recipe, const Slice& wheel,
                              const wheelhouse::WheelLimits& limits, store::BlobWriter& out,
                              const Compile& compile) {
  auto entries = list_entries(recipe, wheel, limits, compile);
  if (!entries) return std::unexpected(entries.error());
  if (auto written = write_headers(*entries, out); !written) return written;
  std::map<std::string_view, const Entry*> from_wheel;
  for (const Entry& entry : *entries) {
    if (!entry.written_here) {
      from_wheel.emplace(entry.path, &entry);
      continue;
    }
    const auto content = std::as_bytes(std::span(*entry.written_here));
    if (auto written = out.write_at(entry.content_offset, content); !written) return written;
  }
  return wheelhouse::for_each_file(
      wheel, recipe.filename, limits, [&](const wheelhouse::WheelFile& file) -> Result<void> {
        const auto entry = from_wheel.find(layer_path(recipe, file.path));
        if (entry == from_wheel.end()) return {};
        if (file.content.size() != entry->second->size) {
          return fail(ErrorKind::corrupt, "the wheel changed while it was read", recipe.filename);
        }
        return out.write_at(entry->second->content_offset, file.content);
      });
}

Result<void> write_wheels_layer(const LayerRecipe& recipe, const Slice& wheel, store::BlobWriter& out) {
  const std::string header = tar_header(recipe.filename, wheel.size(), 0644);
  const std::string padding(round_up_to_block(wheel.size()) - wheel.size(), '\0');
  for (const auto bytes :
       {std::as_bytes(std::span(header)), wheel.bytes, std::as_bytes(std::span(padding))}) {
    if (auto written = out.append(bytes); !written) return written;
  }
  return {};
}

}  // namespace

std::string_view name_of(Format format) {
  return format == Format::site ? "site" : "wheels";
}

std::string LayerRecipe::key() const {
  // Each field ends in a byte that it can't contain, so that no two recipes give one text.
  std::string text = "wheelbarrow layer " + std::to_string(format_version) + '\n';
  text += wheel.hex() + '\n';
  text += std::string(name_of(format)) + '\n';
  if (format == Format::wheels) text += filename + '\n';
  if (format == Format::site) text += std::string(pyodide ? "pyodide" : "") + '\n' + below + '\n';
  if (!strip.empty()) text += "strip=" + strip.text() + '\n';
  if (bytecode) text += "bytecode=" + bytecode->text() + '\n';
  return "layer/" + sha256(text).hex();
}

Result<void> write_layer(const LayerRecipe& recipe, const Slice& wheel, const wheelhouse::WheelLimits& limits,
                         store::BlobWriter& out, const Compile& compile) {
  if (recipe.format == Format::site) return write_site_layer(recipe, wheel, limits, out, compile);
  return write_wheels_layer(recipe, wheel, out);
}

std::uint64_t modules_size(std::string_view layer) {
  std::uint64_t size = 0;
  bool first = true;  // a report may stand before them
  while (const auto file = take_tar_file(layer)) {
    const bool module = file->path.ends_with(".so");
    if (!module && !first) break;
    if (module) size += file->content.size();
    first = false;
  }
  return size;
}

}  // namespace wheelbarrow::bundle
