import FlowCore
import Testing

@Suite("credentials in URLs")
struct URLCredentialsTests {
    @Test(
        "are not shown, and all else is",
        arguments: [
            ("http://host/path?x=1", "http://host/path?x=1"), ("http://user:pw@host:80/a", "http://…@host:80/a"),
            ("to https://user@host and http://a:b@c.", "to https://…@host and http://…@c."),
            (
                "{\"url\":\"http://u:p/w?#@host\",\"mail\":\"me@there\"}",
                "{\"url\":\"http://…@host\",\"mail\":\"me@there\"}"
            ),
            ("me@there", "me@there"), ("://@", "://…@"), ("", ""), ("http://", "http://"),
            ("http://a@b@c/ä", "http://…@c/ä"),
        ])
    func hidden(_ text: String, _ shown: String) { #expect(URLCredentials.hidden(in: text) == shown) }
}
