import Messages
import RPC
import ServiceStubs
import Storage
import Testing

@testable import IdentityService

/// Machine "unit_registration": every (state, merge, role) cell through the RPC.
struct UnitMergeCellTests {
    private let harness: Harness

    init() throws { harness = try Harness(reviewers: IdentityHandler.reviewing) }

    enum Start: String, CaseIterable {
        case incomplete, active, suspended, merged
    }

    private enum Role: String, CaseIterable {
        case department, foreignDepartment, administrator, applicant, superior, committee
    }

    /// The cells that are open lead to `merged`; every other one leaves the unit where it is.
    @Test(arguments: Start.allCases)
    func cell(_ start: Start) async throws {
        let company = try await harness.activeUnit(.company)
        let recorded = inventedNumber(birth: "19750101", sequence: 7)
        let sessions: [Role: [UInt8]] = [
            .department: try await harness.account(
                .init(
                    account: "hr-1", role: .hrDepartment, name: "人社", region: "350000",
                    idNumber: recorded)
            ).session,
            .foreignDepartment: try await harness.account(
                .init(
                    account: "hr-2", role: .hrDepartment, name: "人社", region: "350200",
                    idNumber: recorded)
            ).session,
            .administrator: company.session,
            .applicant: try await harness.applicant(9).session,
            .superior: try await harness.account(
                .init(
                    account: "superior-1", role: .superior, name: "主管", region: "350000",
                    idNumber: recorded)
            ).session,
            .committee: try await harness.account(
                .init(
                    account: "committee-1", role: .committee, name: "评委会", committeeID: "c1",
                    idNumber: recorded)
            ).session,
        ]
        let department = harness.identity(sessions[.department])
        let unit = try await reached(start, department, company.id)
        func state() throws -> String? {
            try harness.database.read { rows in try UnitStore.unit(unit, rows)?.state.rawValue }
        }
        // The one for whom it may be open comes last.
        for role in Role.allCases.reversed() {
            let isOpen = role == .department && (start == .active || start == .suspended)
            let client = harness.identity(sessions[role])
            let request = try harness.merging(unit, into: company.id)
            do throws(RPCError) {
                let reply = try await client.mergeUnit(request)
                #expect(isOpen && reply.into?.id == company.id, "\(role)")
            } catch {
                let wanted: Set<RPCCode> =
                    role == .department || role == .foreignDepartment
                    ? [.failedPrecondition, .notFound] : [.permissionDenied]
                #expect(!isOpen && wanted.contains(error.code), "\(role): \(error)")
            }
            #expect(try state() == (isOpen ? "merged" : start.rawValue), "\(role)")
        }
        // 旧码别名保留: the row stays, and says where the code leads.
        let survivors = try harness.number(
            "SELECT count(*) FROM units WHERE id = ? AND merged_into = ?",
            [.text(unit), .text(company.id)])
        #expect(survivors == (start == .incomplete ? 0 : 1))
        let sessionsLeft = try harness.number(
            "SELECT count(*) FROM sessions WHERE unit_id = ?", [.text(unit)])
        #expect(sessionsLeft == (start == .incomplete ? 1 : 0))
    }

    private func reached(
        _ start: Start, _ department: Identity.IdentityClient, _ company: String
    ) async throws -> String {
        if start == .incomplete {
            return try await harness.signIn(.school).user?.unit?.id ?? ""
        }
        let school = try await harness.activeUnit()
        switch start {
        case .incomplete, .active: break
        case .suspended:
            _ = try await department.suspendUnit(.init(unitID: school.id, reason: "机构撤并"))
        case .merged:
            _ = try await department.mergeUnit(try harness.merging(school.id, into: company))
        }
        return school.id
    }
}

extension Harness {
    /// The HR department of a region.
    func department(
        _ region: String = "350100", isRecorded: Bool = true
    ) async throws -> Identity.IdentityClient {
        let account = try await account(
            .init(
                account: "hr-\(region)", role: .hrDepartment, name: "人社\(region)",
                region: region,
                idNumber: isRecorded ? inventedNumber(birth: "19750101", sequence: 7) : ""))
        return identity(account.session)
    }

    /// What merges the unit as it is into the other.
    func merging(_ unit: String, into other: String) throws -> Identity.MergeUnitRequest {
        func version(_ unit: String) throws -> Int64 {
            try number("SELECT version FROM units WHERE id = ?", [.text(unit)])
        }
        return Identity.MergeUnitRequest(
            unitID: unit, intoID: other, expectedVersion: try version(unit),
            expectedIntoVersion: try version(other), reason: "重复登记")
    }
}
