# Varnish in front of wheelbarrow. Beside it:
#
#   varnishd -a :80 -f /etc/varnish/wheelbarrow.vcl -s malloc,4g -p http_gzip_support=off
#   wheelbarrow serve --wheels DIR --listen-plain 127.0.0.1:8080 --trusted-proxy 127.0.0.1 --cache-keys surrogate-key
#
# Varnish's own gzip has to be off: it would replace the server's codings and weaken every ETag. Then ask
# `wheelbarrow doctor http://wheels.example.org` what it makes of it.
vcl 4.1;

import std;

backend default {
  .host = "127.0.0.1";
  .port = "8080";
  # The first answer for a large wheel takes a while.
  .first_byte_timeout = 300s;
}

# Who may purge, and who may say that a client came over TLS: what terminates it, on this machine.
acl own {
  "localhost";
}

sub vcl_recv {
  # Each that the server believes is set here or removed, so that no client decides on it. Varnish itself adds the
  # client to X-Forwarded-For.
  set req.http.X-Forwarded-Host = req.http.Host;
  unset req.http.X-Forwarded-Port;
  unset req.http.X-Forwarded-Prefix;
  if (client.ip !~ own || req.http.X-Forwarded-Proto != "https") {
    set req.http.X-Forwarded-Proto = "http";
  }

  # curl -X PURGE -H 'Surrogate-Key: project-numpy' http://localhost/ drops every answer with that wheel in it.
  if (req.method == "PURGE") {
    if (client.ip !~ own) {
      return (synth(403));
    }
    if (req.http.Surrogate-Key !~ "^[a-z0-9-]+$") {
      return (synth(400, "PURGE needs one Surrogate-Key"));
    }
    ban("obj.http.Surrogate-Key ~ (^|\s)" + req.http.Surrogate-Key + "(\s|$)");
    return (synth(200, "Purged"));
  }

  # A client with a dictionary may get a delta, which is for nobody else. What remains doesn't depend on dictionaries.
  if (req.http.Available-Dictionary && req.http.Accept-Encoding ~ "dcz") {
    return (pass);
  }
  unset req.http.Available-Dictionary;

  # Browsers list codings in many ways; the server chooses among three, Brotli only for what is asked for often.
  if (req.http.Accept-Encoding !~ ";") {
    if (req.http.Accept-Encoding ~ "zstd") {
      if (req.http.Accept-Encoding ~ "\bbr\b") {
        set req.http.Accept-Encoding = "zstd, br";
      } else {
        set req.http.Accept-Encoding = "zstd";
      }
    } elsif (req.http.Accept-Encoding ~ "gzip") {
      set req.http.Accept-Encoding = "gzip";
    }
  }
}

sub vcl_hash {
  # Links lead to where the client came from.
  hash_data(req.http.X-Forwarded-Proto);
}

sub vcl_backend_response {
  # CDN-Cache-Control (RFC 9213) is for caches like this one; clients see Cache-Control alone.
  if (beresp.http.CDN-Cache-Control ~ "max-age=\d+") {
    set beresp.ttl = std.duration(
      regsub(beresp.http.CDN-Cache-Control, "^.*max-age=(\d+).*$", "\1") + "s", beresp.ttl);
  }
  unset beresp.http.CDN-Cache-Control;
}
