// A network link for measurements: two network namespaces, joined by nothing but this program, which hands
// packets from one TUN device to the other at a chosen rate, after a chosen delay, through a queue that drops
// what doesn't fit.
//
//   link        needs root (CAP_SYS_ADMIN, CAP_NET_ADMIN) and /dev/net/tun; ends with 77 where it isn't
//   permitted
//
// Prints one line of JSON: the two namespaces' paths, for `nsenter --net=PATH`, and their addresses. Then
// obeys lines on its standard input, answering each by a line of JSON:
//
//   shape DOWN UP DELAY DOWN-QUEUE UP-QUEUE   bit/s (0: as fast as it goes), one-way microseconds, bytes;
//   down is towards
//                                             the client. The counters begin at 0
//   count                                     what both directions forwarded and dropped
//
// At the end of its input it kills whatever still runs in the two namespaces, and ends. They have no name and
// no other holder, so that nothing remains of them, whatever way it ends; there is no way out of them but the
// link.
//
// The model of one direction: a packet waits until those before it have left, takes size / rate to leave, and
// arrives the delay later. What waits is (time until the last of them has left) x rate; a packet that would
// make it more than the queue is dropped. Sizes are those of IP packets.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr int not_permitted = 77;
constexpr std::size_t mtu = 1500;
// What servers have unless someone chose otherwise, whatever this machine's default is. A kernel lets a
// namespace choose only what net.ipv4.tcp_allowed_congestion_control lists, which reno always is; in links as
// short as these, CUBIC keeps to what Reno does (RFC 9438, 4.3).
constexpr std::array congestion_controls{"cubic", "reno"};
// Documentation addresses (RFC 5737): no host anywhere has them.
constexpr const char* client_address = "192.0.2.1";
constexpr const char* server_address = "192.0.2.2";
// What a direction keeps at most, in flight and waiting, whatever it was told.
constexpr std::size_t most_held = std::size_t{64} * 1024 * 1024;

[[noreturn]] void fail(const std::string& what) {
  const int error = errno;
  std::fprintf(stderr, "link: %s: %s\n", what.c_str(), std::strerror(error));
  const bool refused = error == EPERM || error == EACCES || error == ENOENT || error == ENODEV;
  std::exit(refused ? not_permitted : 1);
}

/// Only IPv4 passes, so that every packet is one that somebody sent: devices say much of their own accord in
/// IPv6. Where the kernel has none, there is nothing to switch off.
void leave_out_ipv6() {
  for (const char* devices : {"all", "default"}) {
    std::ofstream file(std::string("/proc/sys/net/ipv6/conf/") + devices + "/disable_ipv6");
    if (file && !(file << 1 << std::flush)) fail("switch off IPv6");
  }
}

struct Side {
  int space = -1;   // the namespace, as a file descriptor
  int device = -1;  // its TUN device
  ino_t inode = 0;  // what /proc/PID/ns/net of a process in it shows
  const char* congestion_control = "";
};

/// Of the namespace this thread is in; returns which it is.
const char* set_congestion_control() {
  const char* path = "/proc/sys/net/ipv4/tcp_congestion_control";
  for (const char* name : congestion_controls) {
    std::ofstream file(path);
    if (file << name << std::flush) return name;
  }
  fail(std::string("write ") + congestion_controls.back() + " to " + path);
}

void bring_up(int control, const char* device, const char* address) {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  sockaddr_in ip{};
  ip.sin_family = AF_INET;
  const auto set = [&](unsigned long what, const char* text) {
    inet_pton(AF_INET, text, &ip.sin_addr);
    std::memcpy(&request.ifr_addr, &ip, sizeof ip);
    if (ioctl(control, what, &request) != 0) fail(std::string("set an address of ") + device);
  };
  if (address != nullptr) {
    set(SIOCSIFADDR, address);
    set(SIOCSIFNETMASK, "255.255.255.0");
    // The queue towards this program; it empties it at once, so that packets are only lost where it counts
    // them.
    request.ifr_qlen = 10000;
    if (ioctl(control, SIOCSIFTXQLEN, &request) != 0) fail("set a queue's length");
  }
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(control, SIOCSIFFLAGS, &request) != 0) fail(std::string("bring up ") + device);
}

/// Moves this thread into a new namespace and gives that a device with the address.
Side make_side(const char* address) {
  Side side;
  if (unshare(CLONE_NEWNET) != 0) fail("make a network namespace (needs root)");
  side.space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  struct stat about{};
  if (side.space < 0 || fstat(side.space, &about) != 0) fail("open /proc/self/ns/net");
  side.inode = about.st_ino;
  leave_out_ipv6();
  side.device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (side.device < 0) fail("open /dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, "link", IFNAMSIZ - 1);
  if (ioctl(side.device, TUNSETIFF, &request) != 0) fail("make a TUN device");
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) fail("open a socket");
  bring_up(control, "lo", nullptr);
  bring_up(control, "link", address);
  close(control);
  side.congestion_control = set_congestion_control();
  return side;
}

/// One direction. Times are of the steady clock.
class Direction {
 public:
  void shape(std::uint64_t bits_per_second, std::chrono::microseconds delay, std::uint64_t queue) {
    rate_ = bits_per_second;
    delay_ = delay;
    queue_ = queue;
    forwarded_ = forwarded_bytes_ = dropped_ = dropped_bytes_ = 0;
  }

  /// Takes all that a device has.
  void read_from(int device) {
    std::array<std::byte, 65536> buffer;
    for (;;) {
      const ssize_t size = read(device, buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) return;
      if (size <= 0) fail("read from a TUN device");
      take(Clock::now(), {buffer.begin(), buffer.begin() + size});
    }
  }

  /// Hands over what has arrived by now.
  void write_to(int device) {
    const auto now = Clock::now();
    while (!packets_.empty() && packets_.front().arrives <= now) {
      const auto& bytes = packets_.front().bytes;
      // A device that is full or refuses a packet loses it, as any network card would.
      if (write(device, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) {
        ++forwarded_;
        forwarded_bytes_ += bytes.size();
      } else {
        ++dropped_;
        dropped_bytes_ += bytes.size();
      }
      held_ -= bytes.size();
      packets_.pop_front();
    }
  }

  /// How long nothing happens, at most `longest`.
  nanoseconds idle(nanoseconds longest) const {
    if (packets_.empty()) return longest;
    const nanoseconds left = packets_.front().arrives - Clock::now();
    return std::clamp(left, nanoseconds{0}, longest);
  }

  std::string counters() const {
    std::ostringstream out;
    out << R"({"forwarded": )" << forwarded_ << R"(, "forwarded_bytes": )" << forwarded_bytes_
        << R"(, "dropped": )" << dropped_ << R"(, "dropped_bytes": )" << dropped_bytes_ << "}";
    return out.str();
  }

 private:
  struct Packet {
    Clock::time_point arrives;
    std::vector<std::byte> bytes;
  };

  void take(Clock::time_point now, std::vector<std::byte> bytes) {
    const auto start = std::max(now, free_);
    if (rate_ != 0) {
      const double waiting =
          std::chrono::duration<double>(start - now).count() * static_cast<double>(rate_) / 8;
      if (waiting + static_cast<double>(bytes.size()) > static_cast<double>(queue_))
        return drop(bytes.size());
    }
    if (held_ + bytes.size() > most_held) return drop(bytes.size());
    const double seconds =
        rate_ == 0 ? 0 : static_cast<double>(bytes.size()) * 8 / static_cast<double>(rate_);
    free_ = start + std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(seconds));
    held_ += bytes.size();
    // Behind those before it, also if the delay was longer when they left.
    const auto arrives =
        packets_.empty() ? free_ + delay_ : std::max(free_ + delay_, packets_.back().arrives);
    packets_.push_back({arrives, std::move(bytes)});
  }

  void drop(std::size_t size) {
    ++dropped_;
    dropped_bytes_ += size;
  }

  std::uint64_t rate_ = 0;
  std::chrono::microseconds delay_{0};
  std::uint64_t queue_ = 0;
  Clock::time_point free_;  // when the last packet has left
  std::deque<Packet> packets_;
  std::size_t held_ = 0;
  std::uint64_t forwarded_ = 0, forwarded_bytes_ = 0, dropped_ = 0, dropped_bytes_ = 0;
};

/// Kills the processes in a namespace, this one excepted.
void end_processes(const Side& side) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t process = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process);
    if (error != std::errc{} || end != name.data() + name.size() || process == getpid()) continue;
    struct stat about{};
    if (stat((entry.path() / "ns/net").c_str(), &about) == 0 && about.st_ino == side.inode)
      kill(process, SIGKILL);
  }
}

void answer(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

class Link {
 public:
  Link() : client_(make_side(client_address)), server_(make_side(server_address)) {
    const auto path = [](const Side& side) {
      return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(side.space);
    };
    std::ostringstream out;
    out << R"({"client": {"namespace": ")" << path(client_) << R"(", "address": ")" << client_address
        << R"("}, "server": {"namespace": ")" << path(server_) << R"(", "address": ")" << server_address
        << R"("}, "congestion_control": ")" << server_.congestion_control << R"(", "mtu": )" << mtu << "}";
    answer(out.str());
  }

  void run() {
    std::array<pollfd, 3> watched{
        {{STDIN_FILENO, POLLIN, 0}, {client_.device, POLLIN, 0}, {server_.device, POLLIN, 0}}};
    for (;;) {
      const nanoseconds wait = down_.idle(up_.idle(std::chrono::seconds{1}));
      const timespec left{.tv_sec = wait.count() / 1'000'000'000, .tv_nsec = wait.count() % 1'000'000'000};
      if (ppoll(watched.data(), watched.size(), &left, nullptr) < 0 && errno != EINTR) fail("wait");
      up_.read_from(client_.device);
      down_.read_from(server_.device);
      up_.write_to(server_.device);
      down_.write_to(client_.device);
      if (watched[0].revents != 0 && !read_commands()) return;
    }
  }

  void end() const {
    end_processes(client_);
    end_processes(server_);
  }

 private:
  /// False at the end of the input.
  bool read_commands() {
    std::array<char, 4096> buffer;
    const ssize_t size = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size <= 0) return false;
    input_.append(buffer.data(), static_cast<std::size_t>(size));
    if (input_.size() > buffer.size()) return false;
    for (std::size_t end = 0; (end = input_.find('\n')) != std::string::npos; input_.erase(0, end + 1)) {
      obey(input_.substr(0, end));
    }
    return true;
  }

  void obey(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    std::uint64_t down = 0, up = 0, delay = 0, down_queue = 0, up_queue = 0;
    words >> verb;
    if (verb == "shape" && words >> down >> up >> delay >> down_queue >> up_queue) {
      const std::chrono::microseconds one_way(delay);
      down_.shape(down, one_way, down_queue);
      up_.shape(up, one_way, up_queue);
      answer("{}");
    } else if (verb == "count") {
      answer(R"({"down": )" + down_.counters() + R"(, "up": )" + up_.counters() + "}");
    } else {
      answer(R"({"error": "what is that?"})");
    }
  }

  Side client_, server_;
  Direction down_, up_;
  std::string input_;
};

}  // namespace

int main() {
  // Whoever started this gets Ctrl-C too, and closes the input when it has cleaned up.
  signal(SIGINT, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  // Timers are late by 50 microseconds otherwise, a fifth of a packet's time at 50 Mbit/s.
  prctl(PR_SET_TIMERSLACK, 1UL);
  Link link;
  link.run();
  link.end();
  return 0;
}
