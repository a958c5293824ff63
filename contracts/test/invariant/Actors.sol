// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Proof} from "../../src/interfaces/IZPUTypes.sol";
import {ZPUJobs} from "../../src/ZPUJobs.sol";
import {ZPURegistry} from "../../src/ZPURegistry.sol";
import {ZPUToken} from "../../src/ZPUToken.sol";
import {ZPUTreasury} from "../../src/ZPUTreasury.sol";
import {TrapdoorProver} from "../support/TrapdoorProver.sol";

/// @title Does random legal and illegal things as three providers and two requestors
/// @dev Whatever a person could call is called with whatever is at hand; what the contracts must refuse is expected to be refused,
/// so a step that wrongly passes fails the run just as one that wrongly reverts.
contract Actors is Test {
    struct Made {
        bytes32 id;
        IZPUJobs.State terminal;
    }

    uint256 private constant PEOPLE = 3;
    ZPUToken private immutable token;
    ZPURegistry private immutable registry;
    ZPUJobs private immutable jobs;
    ZPUTreasury private immutable treasury;
    bytes32 private immutable model;

    Made[] public made;
    mapping(string step => uint256) public taken;
    uint256 private nonce;

    constructor(ZPUToken token_, ZPURegistry registry_, ZPUJobs jobs_, ZPUTreasury treasury_, bytes32 model_) {
        token = token_;
        registry = registry_;
        jobs = jobs_;
        treasury = treasury_;
        model = model_;
    }

    function owner(uint256 seed) public pure returns (address) {
        return address(uint160(0xA000 + (seed % PEOPLE)));
    }

    function operator(uint256 seed) public pure returns (address) {
        return address(uint160(0xB000 + (seed % PEOPLE)));
    }

    function payout(uint256 seed) public pure returns (address) {
        return address(uint160(0xC000 + (seed % PEOPLE)));
    }

    function requestor(uint256 seed) public pure returns (address) {
        return address(uint160(0xD000 + (seed % 2)));
    }

    function madeCount() external view returns (uint256) {
        return made.length;
    }

    function register(uint256 who, uint256 stake) external {
        if (registry.nodeOf(owner(who)).operator != address(0)) return;
        stake = bound(stake, registry.MIN_STAKE(), registry.MIN_STAKE() * 2);
        if (token.balanceOf(owner(who)) < stake) return;
        vm.startPrank(owner(who));
        token.approve(address(registry), stake);
        registry.register(operator(who), payout(who), bytes32(who | 1), stake);
        vm.stopPrank();
        ++taken["register"];
    }

    function addStake(uint256 who, uint256 amount) external {
        if (registry.nodeOf(owner(who)).operator == address(0)) return;
        if (token.balanceOf(owner(who)) == 0) return;
        amount = bound(amount, 1, token.balanceOf(owner(who)));
        vm.startPrank(owner(who));
        token.approve(address(registry), amount);
        registry.addStake(amount);
        vm.stopPrank();
        ++taken["addStake"];
    }

    function thaw(uint256 who, uint256 amount) external {
        IZPURegistry.Node memory node = registry.nodeOf(owner(who));
        amount = bound(amount, 1, 3_000 ether);
        vm.prank(owner(who));
        if (node.operator == address(0)) {
            vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotRegistered.selector, owner(who)));
        } else if (amount > node.stake - node.thawing) {
            vm.expectRevert(
                abi.encodeWithSelector(IZPURegistry.ThawAboveStake.selector, amount, node.stake - node.thawing)
            );
        } else {
            ++taken["thaw"];
        }
        registry.thaw(amount);
    }

    function unstake(uint256 who) external {
        IZPURegistry.Node memory node = registry.nodeOf(owner(who));
        vm.prank(owner(who));
        if (node.operator == address(0) || node.thawing == 0 || block.timestamp < node.thawEndsAt) vm.expectRevert();
        else ++taken["unstake"];
        registry.unstake();
    }

    function post(uint256 who, uint256 to, uint256 price) external {
        address account = requestor(who);
        if (token.balanceOf(account) == 0) return;
        price = bound(price, 1, token.balanceOf(account) / 4 + 1);
        IZPUJobs.JobSpec memory spec = IZPUJobs.JobSpec({
            provider: owner(to),
            modelId: model,
            inputCommitment: bytes32(to % 1_000),
            price: price,
            acceptBy: uint64(block.timestamp + 1 days),
            deadline: uint64(block.timestamp + 3 days)
        });
        vm.startPrank(account);
        token.approve(address(jobs), price);
        if (registry.isActive(owner(to))) {
            made.push(Made(jobs.post(spec, ++nonce), IZPUJobs.State.None));
            ++taken["post"];
        } else {
            vm.expectRevert(abi.encodeWithSelector(IZPUJobs.ProviderInactive.selector, owner(to)));
            jobs.post(spec, ++nonce);
        }
        vm.stopPrank();
    }

    function accept(uint256 which, uint256 caller) external {
        (bytes32 id, , IZPUJobs.Job memory job) = pick(which, IZPUJobs.State.Posted);
        if (id == 0) return;
        address account = caller % 4 == 0 ? operator(caller >> 8) : registry.nodeOf(job.provider).operator;
        bool legal =
            job.state == IZPUJobs.State.Posted &&
                registry.ownerOf(account) == job.provider &&
                block.timestamp <= job.acceptBy &&
                registry.isActive(job.provider);
        vm.prank(account);
        if (!legal) vm.expectRevert();
        else ++taken["accept"];
        jobs.accept(id);
    }

    function prove(uint256 which, uint256 output, bool honest) external {
        (bytes32 id, , IZPUJobs.Job memory job) = pick(which, IZPUJobs.State.Accepted);
        if (id == 0) return;
        output = bound(output, 0, type(uint128).max);
        uint256 context = jobs.contextOf(id, job.provider);
        uint256 input = uint256(job.inputCommitment);
        Proof memory proof = TrapdoorProver.prove([input, honest ? output : output + 1, context], 1 + (which >> 8));
        bool legal = honest && job.state == IZPUJobs.State.Accepted && block.timestamp <= job.deadline;
        vm.prank(registry.nodeOf(job.provider).operator);
        if (!legal) vm.expectRevert();
        else ++taken["prove"];
        jobs.prove(id, bytes32(output), proof);
    }

    function settle(uint256 which) external {
        (bytes32 id, uint256 index, IZPUJobs.Job memory job) = pick(which, IZPUJobs.State.Proven);
        if (id == 0) return;
        if (job.state != IZPUJobs.State.Proven) refuse(id, job.state);
        else end(index, IZPUJobs.State.Settled, "settle");
        jobs.settle(id);
    }

    function expire(uint256 which) external {
        (bytes32 id, , IZPUJobs.Job memory job) = pick(which, IZPUJobs.State.Accepted);
        if (id == 0) return;
        if (job.state != IZPUJobs.State.Accepted) {
            refuse(id, job.state);
        } else if (block.timestamp <= job.deadline) {
            vm.expectRevert(abi.encodeWithSelector(IZPUJobs.DeadlineAhead.selector, job.deadline));
        } else {
            ++taken["expire"];
        }
        jobs.expire(id);
    }

    function refund(uint256 which) external {
        (bytes32 id, uint256 index, IZPUJobs.Job memory job) = pick(which, IZPUJobs.State.Expired);
        if (id == 0) return;
        if (job.state != IZPUJobs.State.Expired) refuse(id, job.state);
        else end(index, IZPUJobs.State.Refunded, "refund");
        jobs.refund(id);
    }

    function cancel(uint256 which, uint256 who) external {
        (bytes32 id, uint256 index, IZPUJobs.Job memory job) = pick(which, IZPUJobs.State.Posted);
        if (id == 0) return;
        if (job.state != IZPUJobs.State.Posted) {
            refuse(id, job.state);
        } else if (job.requestor != requestor(who)) {
            vm.expectRevert(abi.encodeWithSelector(IZPUJobs.NotRequestor.selector, requestor(who)));
        } else {
            end(index, IZPUJobs.State.Cancelled, "cancel");
        }
        vm.prank(requestor(who));
        jobs.cancel(id);
    }

    function claim(uint256 who, bool paid) external {
        address account = paid ? payout(who) : requestor(who);
        uint256 before = token.balanceOf(account);
        uint256 waiting = treasury.claimable(account);
        if (waiting == 0) return;
        treasury.claim(account);
        assertEq(token.balanceOf(account), before + waiting);
        ++taken["claim"];
    }

    function donate(uint256 who, uint256 amount) external {
        uint256 balance = token.balanceOf(requestor(who));
        if (balance == 0) return;
        vm.prank(requestor(who));
        token.transfer(address(this), bound(amount, 0, balance / 10));
    }

    /// Mostly hours, so that jobs meet their times; now and then longer than a thaw.
    function wait(uint256 time) external {
        skip(time % 8 == 0 ? registry.THAW_SECONDS() : bound(time, 1 hours, 8 hours));
    }

    /// Three times in four a job in the state that the step needs, where there is one; otherwise any job.
    function pick(
        uint256 which,
        IZPUJobs.State wanted
    ) private view returns (bytes32 id, uint256 index, IZPUJobs.Job memory job) {
        uint256 count = made.length;
        if (count == 0) return (0, 0, job);
        index = (which >> 8) % count;
        for (uint256 i = 0; which % 4 != 0 && i < count; ++i) {
            if (jobs.jobOf(made[(index + i) % count].id).state != wanted) continue;
            index = (index + i) % count;
            break;
        }
        id = made[index].id;
        job = jobs.jobOf(id);
    }

    function refuse(bytes32 id, IZPUJobs.State state) private {
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.JobStateWrong.selector, id, state));
    }

    function end(uint256 index, IZPUJobs.State state, string memory step) private {
        made[index].terminal = state;
        ++taken[step];
    }
}
