#include <boost/json.hpp>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/parse.hpp"
#include "app/serve_options.hpp"
#include "store/store.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

void print_damage(const Error& error) {
  std::printf("damaged  %s\n", error.text().c_str());
}

int verify(store::Store& store, bool damaged_index) {
  const auto verified = store.verify();
  if (!verified) return print_failure(verified.error());
  for (const Error& each : verified->damaged) {
    print_damage(each);
  }
  std::printf("verified  blobs=%" PRIu64 " bytes=%" PRIu64 " damaged=%zu\n", verified->blobs, verified->bytes,
              verified->damaged.size());
  return verified->damaged.empty() && !damaged_index ? exit_success : exit_failure;
}

int collect(store::Store& store) {
  const auto done = store.collect();
  if (!done) return print_failure(done.error());
  std::printf("swept  temporary-files=%" PRIu64 " nameless-blobs=%" PRIu64 " lost-names=%" PRIu64
              " evicted-blobs=%" PRIu64 " freed-bytes=%" PRIu64 "\n",
              done->temporary_files, done->nameless_blobs, done->lost_names, done->evicted_blobs,
              done->freed_bytes);
  return exit_success;
}

int print_statistics(store::Store& store, bool as_json) {
  const auto statistics = store.statistics();
  if (!statistics) return print_failure(statistics.error());
  if (as_json) {
    json::array shares;
    for (const store::Share& share : statistics->shares) {
      shares.push_back({{"rank", store::name_of(share.rank)},
                        {"kind", share.kind},
                        {"names", share.names},
                        {"bytes", share.bytes}});
    }
    const json::object all{
        {"blobs", statistics->blobs}, {"bytes", statistics->bytes}, {"shares", std::move(shares)}};
    std::printf("%s\n", json::serialize(all).c_str());
    return exit_success;
  }
  std::printf("%-8s %-12s %10s %16s\n", "rank", "kind", "names", "bytes");
  for (const store::Share& share : statistics->shares) {
    std::printf("%-8s %-12s %10" PRIu64 " %16" PRIu64 "\n", std::string(store::name_of(share.rank)).c_str(),
                share.kind.c_str(), share.names, share.bytes);
  }
  std::printf("%-8s %-12s %10" PRIu64 " %16" PRIu64 "\n", "total", "(blobs)", statistics->blobs,
              statistics->bytes);
  return exit_success;
}

}  // namespace

int store_command(const Arguments& arguments) {
  CLI::App app("Look after what the server has written; safe while it runs", "wheelbarrow store");
  app.require_subcommand(1);
  std::string data = default_data_folder();
  store::StoreOptions options;
  bool as_json = false;
  const auto add = [&](const char* name, const char* help) {
    CLI::App* const command = app.add_subcommand(name, help);
    command->add_option("--data", data, "the server's data folder")->type_name("DIR")->capture_default_str();
    return command;
  };
  auto* const verifying = add("verify", "read every blob and drop the damaged; exit code 1 if there are any");
  auto* const collecting = add("gc", "remove what crashes left behind, then what is over the budget");
  add_data_budget(*collecting, options.budget, "0");
  add("stats", "say how much there is of what")->add_flag("--json", as_json, "as JSON");
  if (const auto code = parse(app, arguments)) return *code;

  options.folder = fs::path(data) / "store";
  std::error_code error;
  if (!fs::is_directory(options.folder, error)) {
    return print_failure({ErrorKind::not_found, "has no store; --data names the server's data folder", data});
  }
  bool damaged_index = false;
  options.damaged = [&](const Error& damage) {
    damaged_index = true;
    print_damage(damage);
  };
  const auto store = store::Store::open(std::move(options));
  if (!store) return print_failure(store.error());
  if (verifying->parsed()) return verify(**store, damaged_index);
  if (collecting->parsed()) return collect(**store);
  return print_statistics(**store, as_json);
}

}  // namespace wheelbarrow::app
