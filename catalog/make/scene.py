"""The studio: import a model, stand it in front of a sweep, light it, frame it, render it."""

import math
from pathlib import Path

import bmesh
import bpy
import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from .library import Piece

SIZE, CLOSE_SIZE = 384, 288  # pixels a side
CLOSE_UP = 1.9  # how many times nearer the second view is
SAMPLES = 4  # eight look no different once denoised, and take twice as long
SMOOTH = math.radians(32)
# view: degrees to the side of the front, degrees above the floor, share of the frame that is filled
VIEWS = {"main": (32, 17, 0.86), "top": (28, 42, 0.86), "front": (16, 8, 0.86), "side": (-38, 14, 0.86)}
OTHER_SIDE = -0.75  # the second view's turn, as a multiple of the main one's
HALF_TANGENT = math.tan(math.radians(26) / 2)


def load(piece: Piece) -> bpy.types.Object:
    """The piece as one object of about unit radius, standing on z = 0 and facing -y; the scene is emptied first."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.obj_import(filepath=str(piece.obj), use_split_objects=False, use_split_groups=False)
    meshes = [thing for thing in bpy.context.scene.objects if thing.type == "MESH"]
    if not meshes:
        raise ValueError("the OBJ file holds no mesh")
    with bpy.context.temp_override(active_object=meshes[0], selected_editable_objects=meshes):
        if len(meshes) > 1:
            bpy.ops.object.join()
    thing = meshes[0]
    _place(thing, piece)
    _smooth(thing)
    return thing


def _place(thing, piece: Piece) -> None:
    """modelRotation, then the stretch to width, height and depth, in the model's axes (y up, front +z)."""
    mesh = thing.data
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    world = points.reshape(-1, 3) @ np.array(thing.matrix_world.to_3x3()).T
    model = np.stack([world[:, 0], world[:, 2], -world[:, 1]], 1)
    if piece.rotation:
        model = model @ np.array(piece.rotation).reshape(3, 3).T
    low, high = model.min(0), model.max(0)
    model = (model - (low + high) / 2) / np.maximum(high - low, 1e-6) * np.array(piece.size)
    model[:, 1] -= model[:, 1].min()
    model *= 2 / np.linalg.norm(piece.size)
    mesh.vertices.foreach_set("co", np.stack([model[:, 0], -model[:, 2], model[:, 1]], 1).astype(np.float32).ravel())
    thing.matrix_world = Matrix.Identity(4)
    mesh.update()


def _smooth(thing) -> None:
    """Models without normals get them: doubles merged, edges under about 32 degrees smooth."""
    mesh = thing.data
    if mesh.has_custom_normals:
        return
    work = bmesh.new()
    work.from_mesh(mesh)
    bmesh.ops.remove_doubles(work, verts=work.verts, dist=1e-5)
    work.to_mesh(mesh)
    work.free()
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=SMOOTH)


def set_stage(thing, dark: bool, lifted: bool) -> None:
    """Sweep, three area lights and Cycles' settings; `lifted` things hang clear of the floor."""
    scene = bpy.context.scene
    _sweep(-0.55 if lifted else -0.002, 0.3 if dark else 0.66)
    for name, place, size, power in (
        ("key", (-2.6, -3.2, 4.2), 2.6, 255),
        ("fill", (4.2, -2.6, 2.2), 4.0, 85),
        ("rim", (1.2, 3.0, 3.8), 2.0, 115),
    ):
        light = bpy.data.lights.new(name, "AREA")
        light.size, light.energy = size, power
        lamp = bpy.data.objects.new(name, light)
        lamp.location = place
        lamp.rotation_euler = (Vector((0, 0, 0.4)) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
        scene.collection.objects.link(lamp)
    world = bpy.data.worlds.new("studio")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs[0].default_value = (0.9, 0.95, 1, 1)
    world.node_tree.nodes["Background"].inputs[1].default_value = 0.36
    scene.world = world
    _settings(scene)


def _sweep(floor: float, grey: float) -> None:
    """A floor that curves up into a wall behind."""
    profile = [(-14, 0)] + [(2.2 + 2 * math.sin(t), 2 - 2 * math.cos(t)) for t in np.linspace(0, math.pi / 2, 12)]
    profile.append((4.2, 12))
    points = [(x, y, floor + z) for y, z in profile for x in (-16, 16)]
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(profile) - 1)]
    mesh = bpy.data.meshes.new("sweep")
    mesh.from_pydata(points, [], faces)
    mesh.shade_smooth()
    material = bpy.data.materials.new("sweep")
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (grey, grey, grey * 0.99, 1)
    shader.inputs["Roughness"].default_value = 0.95
    mesh.materials.append(material)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("sweep", mesh))


def _settings(scene) -> None:
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.use_light_tree = "CPU", SAMPLES, False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.1
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter, cycles.denoising_quality = "FAST", "BALANCED"
    cycles.max_bounces, cycles.transparent_max_bounces = 5, 12
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.render.use_persistent_data = True
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.image_settings.file_format = "PNG"
    scene.view_settings.view_transform = "Khronos PBR Neutral"
    scene.view_settings.look = "None"


def frame(thing, view: str, other_side: bool = False) -> bpy.types.Object:
    """Aim a camera so that the whole object fills its share of the frame, exactly."""
    turn, rise, fill = VIEWS[view]
    turn *= OTHER_SIDE if other_side else 1
    side, up = math.radians(turn), math.radians(rise)
    back = Vector((math.sin(side) * math.cos(up), -math.cos(side) * math.cos(up), math.sin(up)))
    rotation = back.to_track_quat("Z", "Y")
    axes = np.array(rotation.to_matrix())
    points = np.empty(len(thing.data.vertices) * 3, np.float32)
    thing.data.vertices.foreach_get("co", points)
    right, top, depth = (points.reshape(-1, 3) @ axes).T
    slope = HALF_TANGENT * fill
    # A point is inside the frame when |offset| <= slope * distance: solve for the nearest camera place that fits all.
    spans = [(np.max(along + slope * depth), np.max(-along + slope * depth)) for along in (right, top)]
    distance = max((high + low) / (2 * slope) for high, low in spans)
    centre = [(high - low) / 2 for high, low in spans]
    camera = bpy.data.cameras.new(view)
    camera.angle = 2 * math.atan(HALF_TANGENT)
    eye = bpy.data.objects.new(view, camera)
    eye.matrix_world = Matrix.Translation(Vector(axes @ np.array([*centre, distance]))) @ rotation.to_matrix().to_4x4()
    bpy.context.scene.collection.objects.link(eye)
    bpy.context.scene.camera = eye
    return eye


def probe(thing, eye, grid: int = 96) -> np.ndarray:
    """[grid, grid] material index seen at each place of the frame, -1 where the object is not."""
    tree = BVHTree.FromObject(thing, bpy.context.evaluated_depsgraph_get())
    origin, turn = eye.matrix_world.translation, eye.matrix_world.to_3x3()
    seen = np.full((grid, grid), -1, np.int16)
    faces = thing.data.polygons
    for row in range(grid):
        for column in range(grid):
            across = ((column + 0.5) / grid * 2 - 1) * HALF_TANGENT
            upward = (1 - (row + 0.5) / grid * 2) * HALF_TANGENT
            face = tree.ray_cast(origin, turn @ Vector((across, upward, -1)))[2]
            if face is not None:
                seen[row, column] = faces[face].material_index
    return seen


def shoot(path: Path, size: int = SIZE, window: tuple[float, float] | None = None) -> None:
    """Render the scene's camera to a PNG of size x size; `window` is the corner of the part that a close-up shows."""
    render = bpy.context.scene.render
    render.use_border = render.use_crop_to_border = window is not None
    if window:
        part = 1 / CLOSE_UP
        render.border_min_x, render.border_max_x = window[0], window[0] + part
        render.border_min_y, render.border_max_y = 1 - window[1] - part, 1 - window[1]
    render.resolution_x = render.resolution_y = round(size * (CLOSE_UP if window else 1))
    render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def find_window(wanted: np.ndarray) -> tuple[float, float]:
    """The top left corner (in 0..1, y down) of the part of the frame, 1 / CLOSE_UP a side, that shows most of
    `wanted` [grid, grid]; of equals the one nearest to the middle."""
    grid = len(wanted)
    side = round(grid / CLOSE_UP)
    sums = np.pad(wanted.astype(float), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    found = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    place = np.arange(len(found)) - (len(found) - 1) / 2
    far = np.hypot(place[:, None], place[None, :])
    row, column = np.unravel_index((found - 0.02 * found.max() * far / far.max()).argmax(), found.shape)
    return float(column / grid), float(row / grid)
