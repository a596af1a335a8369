#include "app/privileges.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <tuple>
#include <vector>

#include "base/file_descriptor.hpp"

namespace wheelbarrow::app {
namespace {

struct User {
  uid_t user = 0;
  gid_t group = 0;
};

Result<User> find_user(const std::string& name) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
      error != 0) {
    errno = error;
    return fail_errno("look up the user", name);
  }
  if (found == nullptr) return fail(ErrorKind::invalid_input, "there is no such user", name);
  return User{found->pw_uid, found->pw_gid};
}

constexpr std::uint32_t right(unsigned capability) {
  return std::uint32_t{1} << capability;
}

constexpr std::uint32_t to_listen = right(CAP_NET_BIND_SERVICE);
constexpr std::uint32_t to_files = right(CAP_DAC_OVERRIDE) | right(CAP_DAC_READ_SEARCH) | right(CAP_FOWNER);

// Of the rights that the calling thread has; a container's root has few from the start.
bool keep_rights(std::uint32_t wanted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  const std::uint32_t kept = sets[0].permitted & wanted;
  sets = {{{kept, kept, 0}, {0, 0, 0}}};
  return ::syscall(SYS_capset, &header, sets.data()) == 0;
}

}  // namespace

bool is_root() {
  return ::geteuid() == 0;
}

Result<void> become_user(const std::string& name) {
  const auto user = find_user(name);
  if (!user) return std::unexpected(user.error());
  if (user->user == ::geteuid()) return limit_root();
  if (!is_root()) return fail(ErrorKind::invalid_input, "only root can become another user", name);
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || ::initgroups(name.c_str(), user->group) != 0 ||
      ::setresgid(user->group, user->group, user->group) != 0 ||
      ::setresuid(user->user, user->user, user->user) != 0 || !keep_rights(to_listen)) {
    return fail_errno("become the user", name);
  }
  return {};
}

Result<void> give_to_user(const std::string& folder, const std::string& name) {
  const auto user = find_user(name);
  if (!user) return std::unexpected(user.error());
  // Where others may write, a link may have taken its place meanwhile.
  const FileDescriptor made(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!made || ::fstat(made.get(), &status) != 0 || status.st_uid != ::geteuid() ||
      ::fchown(made.get(), user->user, user->group) != 0) {
    return fail_errno("give the folder to the user " + name, folder);
  }
  return {};
}

Result<void> limit_root() {
  if (!is_root()) return {};
  // A program that root starts would have all rights again.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && keep_rights(to_files | to_listen)) return {};
  return fail_errno("give up rights of", "root");
}

void give_up_listening() {
  std::ignore = keep_rights(is_root() ? to_files : 0);
}

}  // namespace wheelbarrow::app
