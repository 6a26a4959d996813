import FlowSystem
import Testing

/// How far each kind of address reaches, which decides what nodes may call.
@Suite("reach of addresses", .timeLimit(.minutes(1)))
struct AddressTests {
    static let reaches: [(scope: IPAddress.Scope, addresses: [String])] = [
        (
            .loopback,
            [
                "127.0.0.1", "127.0.0.0", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1",
                "64:ff9b::127.0.0.1", "2002:7f00:1::", "2002:7f00:1:5::9", "0x7f.1", "2130706433", "0177.0.0.1",
            ]
        ),
        (
            .linkLocal,
            [
                // The same wire, and what no call has a use for.
                "169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::1", "fe80::a9fe:a9fe", "febf:ffff::1",
                "0.0.0.0", "0.255.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::",
                "ff02::1", "ff0e::1",
                // Metadata of clouds.
                "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254",
                // The same, within addresses of the other version.
                "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::169.254.169.254", "64:ff9b::169.254.169.254",
                "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "2002:a9fe:a9fe::1", "::ffff:0.0.0.0", "64:ff9b::",
                "2002::1", "::ffff:100.100.100.200", "2002:a83f:8110::",
                // Ways to addresses that cannot be told here.
                "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1::8.8.8.8",
                "2852039166",
            ]
        ),
        (
            .private,
            [
                "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1", "192.168.255.255",
                "100.64.0.0", "100.127.255.255", "192.0.0.1", "198.18.0.0", "198.19.255.255", "fc00::1", "fd00::1",
                "fdff:ffff::1", "fec0::1", "feff::1", "::ffff:10.0.0.1", "::10.1.2.3", "64:ff9b::10.0.0.1",
                "64:ff9b::c0a8:101", "2002:a00:1::", "2002:c0a8:101::1",
            ]
        ),
        (
            .global,
            [
                "1.1.1.1", "9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0",
                "192.167.255.255", "192.169.0.0", "169.253.255.255", "169.255.0.0", "100.63.255.255", "100.128.0.0",
                "198.17.255.255", "198.20.0.0", "192.0.1.0", "168.63.129.15", "223.255.255.255", "2606:4700::1111",
                "2001:4860:4860::8888", "2003::1", "64:ff9b::8.8.8.8", "64:ff9c::a9fe:a9fe", "2002:808:808::1",
                "::ffff:8.8.8.8", "::8.8.8.8",
            ]
        ),
    ]

    @Test(
        "an address reaches as far as what it leads to, in every form in which it can be written",
        arguments: reaches.indices)
    func scope(index: Int) async throws {
        let (scope, addresses) = Self.reaches[index]
        for text in addresses {
            let answers = try await AddressResolver().addresses(of: text)
            #expect(!answers.isEmpty)
            for answer in answers { #expect(answer.address.scope == scope, "\(text)") }
        }
    }

    @Test("bytes of no address are none", arguments: [0, 3, 5, 15, 17])
    func size(count: Int) { #expect(IPAddress([UInt8](repeating: 8, count: count)) == nil) }
}
