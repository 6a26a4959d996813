/// A member's name as it is written, made once: in what is written most, half of the text are names.
public struct JSONName: Sendable {
    /// The name in quotes, between a comma and a colon.
    let text: [UInt8]

    /// Makes a name.
    public init(_ name: String) {
        var writer = JSONWriter()
        writer.name(name)
        text = [UInt8(ascii: ",")] + writer.bytes
    }
}
