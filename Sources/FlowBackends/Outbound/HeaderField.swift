/// What a workflow or a submission may say in the header of a call.
enum HeaderField {
    /// Fields that belong to the connection are not the client's to set.
    private static let own = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"]

    /// Whether a field can be sent and may be.
    static func isAcceptable(_ name: String, _ value: String) -> Bool {
        let isToken =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        return isToken && !own.contains(name.lowercased())
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 }
    }
}
