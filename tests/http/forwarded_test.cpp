#include "http/forwarded.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/raw_client.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

Peer peer(const std::string& address) {
  return peer_at(boost::asio::ip::make_address(address), 1234);
}

Front front(Front::Writes writes, std::string strip_prefix = "") {
  return {*Networks::parse({"10.0.0.0/8", "2001:db8::/32", "unix:"}), writes, std::move(strip_prefix)};
}

// "peer network scheme://authority prefix path" as the handler sees it.
std::string introduced(const Peer& from, const Front& with, const Given& fields,
                       const std::string& path = "/x") {
  Request request;
  request.scheme = "http";
  request.authority = "inside:8080";
  request.path = path;
  for (const auto& [name, value] : fields) {
    request.fields.add(name, value);
  }
  introduce(request, from, with);
  return request.peer + " " + request.network + " " + request.scheme + "://" + request.authority + " " +
         request.prefix + " " + request.path;
}

struct Case {
  Given fields;
  std::string expected;
};

TEST(Forwarded, XForwardedFieldsOfATrustedProxyCount) {
  const std::string unchanged = "10.0.0.1:1234 10.0.0.1 http://inside:8080  /x";
  const std::vector<Case> cases = {
      {{}, unchanged},
      {{{"x-forwarded-for", "192.0.2.1"}}, "192.0.2.1 192.0.2.1 http://inside:8080  /x"},
      {{{"x-forwarded-for", "192.0.2.1:5678"}}, "192.0.2.1 192.0.2.1 http://inside:8080  /x"},
      // What the client wrote itself comes before what its proxy saw.
      {{{"x-forwarded-for", "198.51.100.9, 192.0.2.1"}}, "192.0.2.1 192.0.2.1 http://inside:8080  /x"},
      {{{"x-forwarded-for", "198.51.100.9"}, {"x-forwarded-for", "192.0.2.1, 10.2.3.4"}},
       "192.0.2.1 192.0.2.1 http://inside:8080  /x"},
      {{{"x-forwarded-for", "10.2.3.4"}}, "10.2.3.4 10.2.3.4 http://inside:8080  /x"},
      {{{"x-forwarded-for", "192.0.2.1, nonsense"}}, unchanged},
      {{{"x-forwarded-for", ",,"}}, unchanged},
      {{{"x-forwarded-proto", "https"}, {"x-forwarded-host", "wheels.example.org"}},
       "10.0.0.1:1234 10.0.0.1 https://wheels.example.org  /x"},
      {{{"x-forwarded-proto", "gopher"}, {"x-forwarded-host", "a b<script>"}}, unchanged},
      {{{"x-forwarded-host", "evil.example, wheels.example.org"}},
       "10.0.0.1:1234 10.0.0.1 http://wheels.example.org  /x"},
      {{{"x-forwarded-host", "a.example"}, {"x-forwarded-port", "8443"}, {"x-forwarded-proto", "https"}},
       "10.0.0.1:1234 10.0.0.1 https://a.example:8443  /x"},
      {{{"x-forwarded-host", "a.example"}, {"x-forwarded-port", "443"}, {"x-forwarded-proto", "https"}},
       "10.0.0.1:1234 10.0.0.1 https://a.example  /x"},
      {{{"x-forwarded-host", "a.example:1"}, {"x-forwarded-port", "8443"}},
       "10.0.0.1:1234 10.0.0.1 http://a.example:1  /x"},
      {{{"x-forwarded-host", "[2001:db8::1]"}, {"x-forwarded-port", "8443"}},
       "10.0.0.1:1234 10.0.0.1 http://[2001:db8::1]:8443  /x"},
      {{{"x-forwarded-prefix", "/py"}}, "10.0.0.1:1234 10.0.0.1 http://inside:8080 /py /x"},
      {{{"x-forwarded-prefix", "/py/"}}, "10.0.0.1:1234 10.0.0.1 http://inside:8080 /py /x"},
      {{{"x-forwarded-prefix", "//evil.example"}}, unchanged},
      {{{"x-forwarded-prefix", "py"}}, unchanged},
      {{{"x-forwarded-prefix", "/a\"b"}}, unchanged},
      {{{"x-forwarded-prefix", "/" + std::string(2000, 'a')}}, unchanged},
      // A proxy that writes these passes on what a client wrote there.
      {{{"forwarded", "for=192.0.2.1;host=evil.example;proto=https"}}, unchanged},
  };
  for (const auto& [fields, expected] : cases) {
    EXPECT_EQ(introduced(peer("10.0.0.1"), front(Front::Writes::x_forwarded), fields), expected)
        << testing::PrintToString(fields);
  }
}

TEST(Forwarded, ForwardedOfATrustedProxyCounts) {
  const std::string unchanged = "10.0.0.1:1234 10.0.0.1 http://inside:8080  /x";
  const std::vector<Case> cases = {
      {{{"forwarded", "for=192.0.2.1"}}, "192.0.2.1 192.0.2.1 http://inside:8080  /x"},
      {{{"forwarded", "For=\"192.0.2.1:47011\";Proto=HTTPS;Host=\"a.example:8443\""}},
       "192.0.2.1 192.0.2.1 https://a.example:8443  /x"},
      {{{"forwarded", R"(for="\192.0.2.1")"}}, "192.0.2.1 192.0.2.1 http://inside:8080  /x"},
      {{{"forwarded", "for=198.51.100.9;host=evil.example, for=192.0.2.1;host=a.example"}},
       "192.0.2.1 192.0.2.1 http://a.example  /x"},
      {{{"forwarded", "for=192.0.2.1;host=a.example;proto=https"}, {"forwarded", "for=10.9.9.9;host=inner"}},
       "192.0.2.1 192.0.2.1 https://a.example  /x"},
      {{{"forwarded", "for=unknown;host=a.example"}}, "10.0.0.1:1234 10.0.0.1 http://a.example  /x"},
      {{{"forwarded", "for=_hidden"}}, unchanged},
      {{{"forwarded", " ; , ;for=192.0.2.1 ; , "}}, unchanged},  // the last element says nothing
      {{{"forwarded", "for=192.0.2.1;for=192.0.2.2"}}, unchanged},
      {{{"forwarded", "for"}}, unchanged},
      {{{"forwarded", "for=\"192.0.2.1"}}, unchanged},
      // What a client broke doesn't hide what the proxy added.
      {{{"forwarded", "for=\""}, {"forwarded", "for=192.0.2.1"}},
       "192.0.2.1 192.0.2.1 http://inside:8080  /x"},
      {{{"x-forwarded-for", "198.51.100.9"}, {"x-forwarded-host", "evil.example"}}, unchanged},
  };
  for (const auto& [fields, expected] : cases) {
    EXPECT_EQ(introduced(peer("10.0.0.1"), front(Front::Writes::forwarded), fields), expected)
        << testing::PrintToString(fields);
  }
}

TEST(Forwarded, AnIpv6ClientIsLimitedByItsNetwork) {
  for (const auto& [writes, fields] :
       {std::pair{Front::Writes::x_forwarded, Given{{"x-forwarded-for", "2001:db9::abcd"}}},
        std::pair{Front::Writes::forwarded, Given{{"forwarded", "for=\"[2001:db9::abcd]:80\""}}}}) {
    Request request;
    request.path = "/";
    request.fields.add(fields.front().first, fields.front().second);
    introduce(request, peer("2001:db8::1"), front(writes));
    EXPECT_EQ(request.peer, "2001:db9::abcd");
    EXPECT_EQ(request.network, network_key(boost::asio::ip::make_address("2001:db9::1")));
  }
}

TEST(Forwarded, FieldsFromAnywhereElseAreIgnored) {
  const Given forged = {{"x-forwarded-for", "192.0.2.1"},
                        {"x-forwarded-host", "evil.example"},
                        {"x-forwarded-proto", "https"},
                        {"x-forwarded-prefix", "/py"},
                        {"forwarded", "for=192.0.2.1;host=evil.example;proto=https"}};
  for (const auto writes : {Front::Writes::x_forwarded, Front::Writes::forwarded}) {
    EXPECT_EQ(introduced(peer("203.0.113.5"), front(writes), forged),
              "203.0.113.5:1234 203.0.113.5 http://inside:8080  /x");
    Peer unknown{"unknown", ""};
    EXPECT_EQ(introduced(unknown, front(writes), forged), "unknown  http://inside:8080  /x");
  }
}

TEST(Forwarded, ALocalSocketCanBeTrusted) {
  const Peer local{"unix", "", {}, true};
  const Given fields = {{"x-forwarded-for", "192.0.2.1"}};
  EXPECT_EQ(introduced(local, front(Front::Writes::x_forwarded), fields),
            "192.0.2.1 192.0.2.1 http://inside:8080  /x");
  EXPECT_EQ(
      introduced(local, {*Networks::parse({"0.0.0.0/0", "::/0"}), Front::Writes::x_forwarded, ""}, fields),
      "unix  http://inside:8080  /x");
}

TEST(Forwarded, APrefixIsTakenOffThePath) {
  const Front with = front(Front::Writes::x_forwarded, "/py");
  const Peer from = peer("203.0.113.5");
  const std::string who = "203.0.113.5:1234 203.0.113.5 http://inside:8080 ";
  EXPECT_EQ(introduced(from, with, {}, "/py/bundle"), who + "/py /bundle");
  EXPECT_EQ(introduced(from, with, {}, "/py/"), who + "/py /");
  EXPECT_EQ(introduced(from, with, {}, "/py"), who + "/py /");
  EXPECT_EQ(introduced(from, with, {}, "/python/x"), who + " /python/x");
  EXPECT_EQ(introduced(from, with, {}, "/bundle"), who + " /bundle");
  EXPECT_EQ(introduced(peer("10.0.0.1"), with, {{"x-forwarded-prefix", "/outer"}}, "/py/bundle"),
            "10.0.0.1:1234 10.0.0.1 http://inside:8080 /outer/py /bundle");
}

TEST(Forwarded, ManyHopsTakeNoMoreMemory) {
  std::string field;
  for (int i = 0; i < 30'000; ++i) {
    field += ',';
  }
  const auto elements = parse_forwarded(field + "for=192.0.2.1");
  ASSERT_TRUE(elements);
  EXPECT_LE(elements->size(), 64U);
  EXPECT_EQ(elements->back().client, "192.0.2.1");
}

TEST(Forwarded, ReachesTheHandlerInBothProtocols) {
  TestServerOptions options;
  options.front = {*Networks::parse({"127.0.0.1"}), Front::Writes::x_forwarded, "/py"};
  TestServer server(options);
  const std::string fields =
      "-H \"X-Forwarded-For: 192.0.2.1\" -H \"X-Forwarded-Proto: https\" -H \"X-Forwarded-Host: a.example\" ";
  for (const std::string protocol : {"--http1.1", "--http2-prior-knowledge"}) {
    const Ran ran = run("curl -sS " + protocol + " " + fields + server.plain() + "/py/who; curl -sS " +
                        protocol + " " + server.plain() + "/who");
    EXPECT_EQ(ran.output.find("peer=192.0.2.1 network=192.0.2.1 https://a.example/py\n"), 0U) << ran.output;
    EXPECT_NE(ran.output.find("network=127.0.0.1 http://127.0.0.1:"), std::string::npos) << ran.output;
  }
}

TEST(Networks, ContainWhatIsWritten) {
  const auto networks = Networks::parse({"127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"});
  ASSERT_TRUE(networks);
  for (const char* inside : {"127.0.0.1", "10.255.0.1", "::1", "2001:db8:ffff::1", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(networks->contains(boost::asio::ip::make_address(inside))) << inside;
  }
  for (const char* outside :
       {"127.0.0.2", "11.0.0.1", "::2", "2001:db9::1", "::ffff:11.1.2.3", "::10.1.2.3"}) {
    EXPECT_FALSE(networks->contains(boost::asio::ip::make_address(outside))) << outside;
  }
  EXPECT_FALSE(networks->contains_local_sockets());
}

TEST(Networks, RefuseWhatIsNone) {
  for (const char* text : {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0", "unix:/run/x",
                           "1.2.3.4:80", "10.0.0.1/8", "2001:db8::1/32", "fe80::1%lo"}) {
    const auto networks = Networks::parse({text});
    ASSERT_FALSE(networks) << text;
    EXPECT_EQ(networks.error().kind, ErrorKind::invalid_input) << text;
    EXPECT_EQ(networks.error().where, text);
  }
}

}  // namespace
}  // namespace wheelbarrow::http
