// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";

contract RegistryFuzzTest is Deployed {
    function testFuzz_stake_comesBackWhole(uint256 stake, uint256 added, uint256 first, uint256 second) public {
        stake = bound(stake, MIN_STAKE, 5_000 ether);
        added = bound(added, 1, 5_000 ether);
        vm.startPrank(owner);
        token.approve(address(registry), type(uint256).max);
        registry.register(operator, payout, PEER, stake);
        registry.addStake(added);
        uint256 total = stake + added;
        first = bound(first, 1, total - 1);
        second = bound(second, 1, total - first);
        registry.thaw(first);
        registry.thaw(second);
        assertEq(registry.isActive(owner), total - first - second >= MIN_STAKE);
        skip(THAW);
        registry.unstake();
        assertEq(token.balanceOf(owner), 10_000 ether - total + first + second);
        assertEq(registry.nodeOf(owner).stake, total - first - second);
        assertEq(token.balanceOf(address(registry)), total - first - second);
    }
}
