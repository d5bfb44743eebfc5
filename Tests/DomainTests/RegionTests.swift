import Domain
import Testing

@Suite("Regions")
struct RegionTests {
    @Test(
        "Path and level",
        arguments: [
            ("350000", "福建省", "省级"), ("350100", "福建省-福州市", "市级"),
            ("350102", "福建省-福州市-鼓楼区", "县级"), ("350181", "福建省-福州市-福清市", "县级"),
            ("350982", "福建省-宁德市-福鼎市", "县级"),
        ])
    func described(code: String, label: String, level: String) throws {
        let region = try #require(Region(code: code))
        #expect(region.code == code)
        #expect(region.label == label)
        #expect(region.administrativeLevel == level)
        #expect(label.hasSuffix(region.name))
    }

    @Test(
        "Unassigned, retired and foreign codes are none",
        arguments: [
            "", "35", "3501", "350199", "350182", "350402", "110000", "35010", "3501000", "福州市",
        ])
    func unknown(code: String) {
        #expect(Region(code: code) == nil)
    }

    @Test("One province, nine cities, 84 counties")
    func tree() {
        let cities = Region.province.children
        #expect(Region.province.code == "350000")
        #expect(cities.count == 9 && cities.allSatisfy { $0.administrativeLevel == "市级" })
        let counties = cities.flatMap(\.children)
        #expect(counties.count == 84 && counties.allSatisfy { $0.administrativeLevel == "县级" })
        #expect(counties.allSatisfy { $0.children.isEmpty })
        #expect(Set((cities + counties).map(\.code)).count == 93)
        for city in cities {
            #expect(city.children.allSatisfy { $0.code.hasPrefix(city.code.prefix(4)) })
        }
    }

    @Test("The range of a region's codes holds those that it covers, and no other")
    func codeRange() {
        let all = [Region.province] + Region.province.children.flatMap { [$0] + $0.children }
        for region in all {
            let codes = region.codeRange
            let held = all.filter { codes.first <= $0.code && $0.code < codes.end }
            #expect(held == all.filter(region.covers))
            #expect(region.enclosing.first == region && region.enclosing.last == .province)
            #expect(Set(region.enclosing) == Set(all.filter { $0.covers(region) }))
        }
    }

    @Test("A region covers itself and what lies within, nothing else")
    func covering() throws {
        let fuzhou = try #require(Region(code: "350100"))
        let gulou = try #require(Region(code: "350102"))
        let xiamen = try #require(Region(code: "350200"))
        #expect(Region.province.covers(.province))
        for region in [fuzhou, gulou, xiamen] {
            #expect(Region.province.covers(region))
            #expect(region.covers(region))
            #expect(!region.covers(.province))
        }
        #expect(fuzhou.covers(gulou) && !gulou.covers(fuzhou))
        #expect(!fuzhou.covers(xiamen) && !xiamen.covers(gulou))
    }
}
