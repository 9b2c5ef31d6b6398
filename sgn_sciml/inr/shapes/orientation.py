r"""Normals of a cloud of points: planes through neighbours, turned the same way along the cloud.

The normal of a point is the direction in which its neighbours spread least. Its sign travels
along the tree of neighbours whose normals are most alike, :math:`1 - |n_i \cdot n_j|` being the
length of an edge. Each part that neighbours connect is then turned as a whole so that it encloses
a positive volume by the divergence theorem, :math:`\sum_i x_i \cdot n_i > 0` about its middle; a
hollow within a solid is hence not recognised.

References:
    Hoppe et al., *Surface reconstruction from unorganized points* (1992)
"""

import numpy as np

from sgn_sciml.geometry.box_tree import Floats

__all__ = ["estimated_normals"]

NEIGHBOURS = 12
FLAT = 1e-6  # least length of an edge: one of zero is none in a sparse matrix


def estimated_normals(points: Floats, neighbours: int = NEIGHBOURS) -> Floats:
    """Unit normals that point outwards, where points are dense enough to tell.

    Args:
        points: Shape ``(N, 3)``.
        neighbours: How many points, the point itself among them, make a plane.

    Returns:
        Shape ``(N, 3)``.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components
    from scipy.sparse.csgraph import minimum_spanning_tree as spanning
    from scipy.spatial import cKDTree

    count = min(neighbours, len(points))
    near = cKDTree(points).query(points, count)[1]
    around = points[near] - points[near].mean(1, keepdims=True)
    normals: Floats = np.linalg.eigh(np.einsum("nki,nkj->nij", around, around))[1][:, :, 0]
    rows, columns = np.repeat(np.arange(len(points)), count - 1), near[:, 1:].reshape(-1)
    lengths = 1 + FLAT - np.abs((normals[rows] * normals[columns]).sum(1))
    links = coo_array((lengths, (rows, columns)), shape=(len(points),) * 2).tocsr()
    links = links.maximum(links.T)
    tree = spanning(links)
    both = tree + tree.T
    part = connected_components(tree, directed=False)[1]
    for start in np.unique(part, return_index=True)[1]:
        reached, before = breadth_first_order(both, start, directed=False)
        for point in reached[1:]:
            if normals[point] @ normals[before[point]] < 0:
                normals[point] *= -1
        heights = ((points[reached] - points[reached].mean(0)) * normals[reached]).sum(1)
        if heights.sum() < 0:
            normals[reached] *= -1
    return normals
