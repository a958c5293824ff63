// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";
import {Actors} from "./Actors.sol";

/// @title Money is never made, lost or owed twice, whatever people do in whatever sequence
contract ConservationTest is Deployed {
    Actors private actors;

    function setUp() public override {
        super.setUp();
        actors = new Actors(token, registry, jobs, treasury, MODEL);
        for (uint256 i = 0; i < 3; ++i) token.transfer(actors.owner(i), 3_000 ether);
        for (uint256 i = 0; i < 2; ++i) token.transfer(actors.requestor(i), 1_000 ether);
        for (uint256 i = 0; i < 2; ++i) actors.register(i, 0);
        for (uint256 i = 0; i < 4; ++i) actors.post(i, i % 2, 1 ether);
        targetContract(address(actors));
    }

    /// One campaign checks them all: each has its own assertion and message.
    function invariant_conservation() public view {
        stakesAreTheRegistrysBalance();
        thawingIsPartOfTheStake();
        escrowIsTheJobsBalanceAndThatOfOpenJobs();
        claimableIsTheTreasurysBalance();
        allTokensAreSomewhere();
        terminalStatesStayTerminal();
    }

    function stakesAreTheRegistrysBalance() private view {
        uint256 stakes = registry.nodeOf(owner).stake;
        for (uint256 i = 0; i < 3; ++i) stakes += registry.nodeOf(actors.owner(i)).stake;
        assertEq(stakes, token.balanceOf(address(registry)), "stakes are not the registry's balance");
    }

    function thawingIsPartOfTheStake() private view {
        for (uint256 i = 0; i < 3; ++i) {
            IZPURegistry.Node memory node = registry.nodeOf(actors.owner(i));
            assertLe(node.thawing, node.stake, "more is thawing than staked");
        }
    }

    function escrowIsTheJobsBalanceAndThatOfOpenJobs() private view {
        uint256 open;
        for (uint256 i = 0; i < actors.madeCount(); ++i) {
            (bytes32 id, ) = actors.made(i);
            IZPUJobs.Job memory job = jobs.jobOf(id);
            bool ended =
                job.state == IZPUJobs.State.Settled ||
                    job.state == IZPUJobs.State.Cancelled ||
                    job.state == IZPUJobs.State.Refunded;
            if (!ended) open += job.price;
        }
        assertEq(jobs.escrowed(), open, "escrow is not that of the open jobs");
        assertEq(token.balanceOf(address(jobs)), open, "escrow is not the balance of jobs");
    }

    function claimableIsTheTreasurysBalance() private view {
        uint256 waiting;
        for (uint256 i = 0; i < 3; ++i) waiting += treasury.claimable(actors.payout(i));
        for (uint256 i = 0; i < 2; ++i) waiting += treasury.claimable(actors.requestor(i));
        assertEq(treasury.totalClaimable(), waiting, "the claimable sum is wrong");
        assertEq(token.balanceOf(address(treasury)), waiting, "claimable is not the treasury's balance");
    }

    function allTokensAreSomewhere() private view {
        uint256 sum = token.balanceOf(address(this)) + token.balanceOf(address(actors));
        sum += token.balanceOf(owner) + token.balanceOf(requestor);
        for (uint256 i = 0; i < 3; ++i) sum += token.balanceOf(actors.owner(i)) + token.balanceOf(actors.payout(i));
        for (uint256 i = 0; i < 2; ++i) sum += token.balanceOf(actors.requestor(i));
        sum += token.balanceOf(address(registry)) + token.balanceOf(address(jobs)) + token.balanceOf(address(treasury));
        assertEq(sum, token.totalSupply(), "tokens were made or lost");
        assertEq(sum, token.SUPPLY(), "the supply changed");
    }

    function terminalStatesStayTerminal() private view {
        for (uint256 i = 0; i < actors.madeCount(); ++i) {
            (bytes32 id, IZPUJobs.State terminal) = actors.made(i);
            if (terminal != IZPUJobs.State.None)
                assertEq(uint8(stateOf(id)), uint8(terminal), "a terminal state changed");
        }
    }

    /// The actors reach every verb: without this the invariants could hold because nothing ever happens.
    function test_actors_reachEveryVerb() public {
        for (uint256 i = 0; i < 800; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            uint256 step = seed % 13;
            uint256 a = seed >> 16;
            uint256 b = seed >> 96;
            if (step == 0) actors.register(a, b);
            if (step == 1) actors.addStake(a, b % 100 ether);
            if (step == 2) actors.thaw(a, b % 50 ether);
            if (step == 3) actors.unstake(a);
            if (step == 4) actors.post(a, b, seed);
            if (step == 5) actors.accept(a, b);
            if (step == 6) actors.prove(a, b, seed & (1 << 200) != 0);
            if (step == 7) actors.settle(a);
            if (step == 8) actors.expire(a);
            if (step == 9) actors.refund(a);
            if (step == 10) actors.cancel(a, b);
            if (step == 11) actors.claim(a, seed & (1 << 200) != 0);
            if (step == 12) actors.wait(b);
        }
        string[12] memory steps = [
            "register",
            "addStake",
            "thaw",
            "unstake",
            "post",
            "accept",
            "prove",
            "settle",
            "expire",
            "refund",
            "cancel",
            "claim"
        ];
        for (uint256 i = 0; i < steps.length; ++i) assertGt(actors.taken(steps[i]), 0, steps[i]);
    }
}
