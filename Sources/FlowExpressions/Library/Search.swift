/// Searches sequences in time that grows with their length.
enum Search {
    /// The first position of a part at or behind a start.
    static func position<Element: Equatable>(of part: [Element], in whole: [Element], from start: Int) -> Int? {
        guard let first = part.first else { return start <= whole.count ? start : nil }
        guard part.count > 1 else { return whole[min(start, whole.count)...].firstIndex(of: first) }
        let table = borders(of: part)
        var matched = 0
        var index = start
        while index < whole.count {
            while matched > 0, whole[index] != part[matched] { matched = table[matched - 1] }
            if whole[index] == part[matched] { matched += 1 }
            index += 1
            if matched == part.count { return index - matched }
        }
        return nil
    }

    /// The last position of a part at or before a start.
    static func lastPosition<Element: Equatable>(of part: [Element], in whole: [Element], upTo start: Int) -> Int? {
        let end = min(whole.count, start + part.count)
        guard end >= part.count else { return nil }
        let reversed = position(of: part.reversed(), in: whole[..<end].reversed(), from: 0)
        return reversed.map { end - $0 - part.count }
    }

    /// For each prefix the length of its longest border (Knuth, Morris and Pratt).
    private static func borders<Element: Equatable>(of part: [Element]) -> [Int] {
        var table = Array(repeating: 0, count: part.count)
        var length = 0
        for index in part.indices.dropFirst() {
            while length > 0, part[index] != part[length] { length = table[length - 1] }
            if part[index] == part[length] { length += 1 }
            table[index] = length
        }
        return table
    }
}
