// SPDX-License-Identifier: Apache-2.0
// The store over an etcd that speaks TLS and wants a certificate.
#include <cstdlib>

#include "core/error.h"
#include "tests/core/metadata/etcd_case.h"

namespace mq::core {
namespace {

// An authority, and a certificate of it for 127.0.0.1 and for a client. False: there is no openssl.
bool make_certificates(const std::filesystem::path& folder) {
  const std::string script = "cd '" + folder.string() + R"(' && exec >log 2>&1 && set -e
      new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
      openssl req -x509 $new -keyout ca.key -out ca.crt -subj /CN=ca -days 2
      printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' > ext
      for name in server client; do
        openssl req $new -keyout $name.key -out $name.csr -subj /CN=$name
        openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out $name.crt -days 2 -extfile ext
      done)";
  return std::system(script.c_str()) == 0;
}

class EtcdTlsTest : public EtcdTest {
 protected:
  void open() override {
    if (!make_certificates(folder.path())) GTEST_SKIP() << "there is no openssl to make certificates with";
    test::EtcdServer::Options started;
    started.scheme = "https";
    started.flags = {"--cert-file=" + file("server.crt"), "--key-file=" + file("server.key"),
                     "--trusted-ca-file=" + file("ca.crt"), "--client-cert-auth"};
    server.emplace(started);
    options.endpoints = server->endpoints();
    options.tls = {file("ca.crt"), file("client.crt"), file("client.key")};
  }
  std::string file(const char* name) const { return (folder / name).string(); }
  std::string refusal() { return wait(connect(options).check()).refusal; }

  test::TempDir folder;
  std::optional<test::EtcdServer> server;
  EtcdOptions options;
};

TEST_F(EtcdTlsTest, WhoHasACertificateIsLetIn) {
  EXPECT_EQ(refusal(), "");
  EtcdStore& store = *stores.back();
  const Revision first = wait(store.load())->revision;
  const Committed committed = put(store, "a", "1");
  EXPECT_EQ(committed.outcome, Committed::Outcome::done);
  EXPECT_EQ(watch_until(loop, store, first, committed.revision).entries.at("a")->value, "1");
  EXPECT_TRUE(*wait(store.hold("live/1", "1")));
}

TEST_F(EtcdTlsTest, WhoHasNoneIsNot) {
  options.tls.certificate.clear();
  EXPECT_NE(refusal(), "");
  EXPECT_EQ(put(*stores.back(), "a", "1").outcome, Committed::Outcome::unknown);
}

TEST_F(EtcdTlsTest, AServerIsTrustedForItsAuthorityAndItsNameAlone) {
  options.tls.authorities.clear();
  EXPECT_NE(refusal().find("certificate verify failed"), std::string::npos);
  options.tls.authorities = file("ca.crt");
  options.endpoints = {"https://localhost" + server->endpoint().substr(server->endpoint().rfind(':'))};
  EXPECT_NE(refusal().find("certificate verify failed"), std::string::npos);
}

TEST_F(EtcdTlsTest, AFileThatCannotBeReadIsAWrongStart) {
  options.tls.authorities = file("nothing.crt");
  EXPECT_THROW(connect(options), WrongStart);
  options.tls = {file("ca.crt"), file("client.crt"), file("ca.crt")};
  EXPECT_THROW(connect(options), WrongStart);
}

}  // namespace
}  // namespace mq::core
