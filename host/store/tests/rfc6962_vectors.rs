//! The tree against the vectors that every RFC 6962 implementation is tested with.

use interlock_store::merkle::{InMemory, TreeHash, TreeHead, check, prove};

const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Over the first 0, 1, ... 8 of them.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// The published audit path of leaf 5 in the tree of 8: neighbour first.
const PATH_OF_5_IN_8: [&str; 3] = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
];

fn hash(digits: &str) -> TreeHash {
    TreeHash::parse(&format!("sha256:{digits}")).expect("a vector")
}

fn leaf(n: usize) -> TreeHash {
    TreeHash::of_leaf(&hex::decode(LEAVES[n]).expect("a vector"))
}

fn tree() -> InMemory {
    let mut tree = InMemory::default();
    for n in 0..LEAVES.len() {
        tree.push(leaf(n)).expect("memory holds every hash");
    }
    tree
}

#[test]
fn the_roots_are_those_of_the_vectors() {
    let tree = tree();
    for (size, root) in (0..).zip(ROOTS) {
        assert_eq!(
            tree.root_at(size).expect("in the tree"),
            hash(root),
            "size {size}"
        );
    }
}

#[test]
fn the_audit_path_is_that_of_the_vectors() {
    let path = prove(&tree(), 8, 5).expect("in the tree");
    assert_eq!(path, PATH_OF_5_IN_8.map(hash));
    let head = TreeHead {
        size: 8,
        root: hash(ROOTS[8]),
    };
    check(&path, &head, 5, leaf(5)).expect("it holds");
    assert!(check(&path, &head, 4, leaf(5)).is_err());
}
