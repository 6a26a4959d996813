/// Keeps keys out of a text that comes in pieces, over which a key may be split.
///
/// What may be the beginning of a key is held back until it is known whether it is one.
struct PieceFilter: Sendable {
    private let keys: CallKeys
    private var held = ""

    init(_ keys: CallKeys) { self.keys = keys }

    /// What can be handed out once the next piece is there.
    mutating func take(_ piece: String) -> String {
        let text = held + piece
        let clean = keys.redacted(text) ?? text
        let count = keys.open(at: clean)
        held = String(clean.unicodeScalars.suffix(count))
        return String(clean.unicodeScalars.dropLast(count))
    }

    /// What is left when there is no further piece.
    mutating func rest() -> String {
        defer { held = "" }
        return held
    }
}
