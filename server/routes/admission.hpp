// Whose questions are answered: who shows the token, asks for a set that is allowed, and doesn't have too
// many new ones resolved and built.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/allowance.hpp"
#include "base/error.hpp"
#include "bundle/lru_cache.hpp"
#include "http/bearer_token.hpp"
#include "http/message.hpp"
#include "packaging/requirement_set.hpp"

namespace wheelbarrow::routes {

// Requirement sets that a file lists, one a line, as in /env/: "numpy, lxml>=5"; '#' begins a comment.
class AllowedSets {
 public:
  // An error names the line.
  static Result<AllowedSets> read(const std::filesystem::path& file);
  // In any order and spelling; with the same constraints, of which a line has none.
  bool contains(const packaging::RequirementSet& set) const;
  std::size_t size() const { return sets_.size(); }

 private:
  std::unordered_set<std::string> sets_;
};

// How many questions that nobody has asked yet a client may ask. Safe from every thread.
class ColdBuilds {
 public:
  // So many at once and in a minute; 0: any number. Of so many clients; the one that was here longest ago is
  // forgotten first, and then it may begin anew.
  explicit ColdBuilds(std::uint32_t most, std::size_t clients = 65'536) : most_(most), allowances_(clients) {}

  // A question that is being answered.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(ColdBuilds& builds, std::string key) : builds_(&builds), key_(std::move(key)) {}
    ~Ticket() {
      if (builds_ != nullptr) builds_->end(key_);
    }
    Ticket(Ticket&& other) noexcept
        : builds_(std::exchange(other.builds_, nullptr)), key_(std::move(other.key_)) {}
    Ticket& operator=(Ticket&&) = delete;

   private:
    ColdBuilds* builds_ = nullptr;
    std::string key_;
  };

  // To be kept until the question is answered; meanwhile the same one costs nobody anything. If the client
  // has asked too many: how long to wait.
  std::expected<Ticket, std::chrono::seconds> begin(const std::string& client, const std::string& key);

 private:
  void end(const std::string& key);

  std::uint32_t most_;
  std::mutex mutex_;
  bundle::LruCache<Allowance> allowances_;  // by client
  std::unordered_map<std::string, std::size_t> running_;
};

struct AdmissionOptions {
  std::filesystem::path token;         // see http::BearerToken; empty: none is needed
  std::filesystem::path allowed_sets;  // see AllowedSets; empty: all
  std::uint32_t cold_builds = 0;       // see ColdBuilds
};

class Admission {
 public:
  // An error if a file can't be used.
  static Result<std::unique_ptr<Admission>> make(AdmissionOptions options);

  // Reads the files again. On an error what was read before stays in use.
  Result<void> reload();

  // Whether answers are for those alone who show the token.
  bool is_guarded() const { return !options_.token.empty(); }

  // Whether only listed sets are answered.
  bool has_list() const { return !options_.allowed_sets.empty(); }

  // Whether admit() has nothing to refuse.
  bool takes_all() const { return options_.allowed_sets.empty() && options_.cold_builds == 0; }

  // A 401, if so. To be asked before anything else is looked at.
  std::optional<http::Response> authorize(const http::Request& request) const;

  // A 403 or 429, or what to keep until the question is answered. `key` names the question, if answering it
  // takes resolving or building.
  std::expected<ColdBuilds::Ticket, http::Response> admit(const http::Request& request,
                                                          const packaging::RequirementSet& asked,
                                                          const std::optional<std::string>& key);

 private:
  explicit Admission(AdmissionOptions options)
      : options_(std::move(options)), cold_builds_(options_.cold_builds) {}

  AdmissionOptions options_;
  std::atomic<std::shared_ptr<const http::BearerToken>> token_;
  std::atomic<std::shared_ptr<const AllowedSets>> allowed_;
  ColdBuilds cold_builds_;
};

}  // namespace wheelbarrow::routes
