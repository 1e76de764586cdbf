"""Blender materials: the library's own paints, and the named finishes that replace them."""

from functools import partial

import bpy

from .colour import to_linear
from .finishes import Group, kind_of, mean_colour
from .library import Paint
from .palette import GROUND, SHADES, Finish, hex_to_rgb

# Bright studio light: a palette colour is darkened so that the picture shows the named shade.
PALETTE_GAIN = 0.85
ROUGHNESS = {"velvet": 0.9, "linen": 0.95, "wool": 1.0, "cotton": 0.9, "leather": 0.42, "wood": 0.5}
ROUGHNESS |= {"painted wood": 0.4, "lacquer": 0.14, "plastic": 0.3, "ceramic": 0.12, "metal": 0.42}
ROUGHNESS |= {"rattan": 0.6, "stone": 0.4, "paper": 0.9, "felt": 1.0}
POLISHED = {"brass": 0.28, "chrome": 0.18}
# Objects are about two units large: a stripe and its gap, a dot's raster; a dot's radius as a share of its raster.
PATTERN_STEP = {"striped": 0.09, "checked": 0.11, "dotted": 0.085}
DOT = 0.3
# How much of a texture's light and dark stays when it is recoloured.
RELIEF = {"fabric": 0.8, "leather": 0.7, "wood": 0.8, "rattan": 0.9}


def paint_natural(material: bpy.types.Material, paint: Paint, product_type: str) -> None:
    """Give a Blender material the look that the MTL file describes."""
    kind = kind_of(paint, product_type)
    nodes, links, shader = _fresh(material)
    if kind == "glass" and not paint.texture:
        _glass(nodes, links, shader, paint)
        return
    rough = max(0.12, (2 / (max(paint.exponent, 0) + 2)) ** 0.5)
    shader.inputs["Roughness"].default_value = rough if paint.specular > 0.05 else 0.85
    shiny = kind in ("metal", "mirror") and paint.specular > 0.3 and not paint.texture
    shader.inputs["Metallic"].default_value = 1.0 if shiny else 0.0
    if kind == "mirror":
        shader.inputs["Roughness"].default_value = 0.03
    if paint.texture:
        image = _image(nodes, paint.texture)
        links.new(image.outputs["Color"], shader.inputs["Base Color"])
        if paint.texture.suffix.lower() == ".png":
            links.new(image.outputs["Alpha"], shader.inputs["Alpha"])
    else:
        linear = [min(0.82, x) for x in to_linear(paint.diffuse)]
        shader.inputs["Base Color"].default_value = (*linear, 1)
        shader.inputs["Alpha"].default_value = paint.opacity
    if paint.alpha_map:
        links.new(_image(nodes, paint.alpha_map).outputs["Alpha"], shader.inputs["Alpha"])


def paint_finish(material: bpy.types.Material, paint: Paint, group: Group, finish: Finish) -> None:
    """Give a Blender material a named finish; a texture keeps its light and dark, plain wood gets grain."""
    nodes, links, shader = _fresh(material)
    metallic = finish.shade in POLISHED
    gain = 1.0 if metallic else PALETTE_GAIN
    linear = [float(x) * gain for x in to_linear(finish.rgb)]
    shader.inputs["Base Color"].default_value = (*linear, 1)
    shader.inputs["Metallic"].default_value = 1.0 if metallic else 0.0
    shader.inputs["Roughness"].default_value = POLISHED.get(finish.shade, ROUGHNESS[finish.material])
    if finish.material == "velvet":
        shader.inputs["Sheen Weight"].default_value = 0.3
        shader.inputs["Sheen Tint"].default_value = (*(min(1.0, x * 2) for x in linear), 1)
    if finish.pattern:
        _pattern(nodes, links, shader, finish, linear)
    elif paint.texture:
        relief = 0.3 if finish.material in ("painted wood", "lacquer") else RELIEF.get(group.kind, 0.7)
        _tint(nodes, links, shader, paint, linear, relief)
    elif finish.material == "wood":
        _grain(nodes, links, shader, linear)
    if finish.material == "lacquer":
        shader.inputs["Coat Weight"].default_value = 0.6
    if finish.material in ("leather", "linen", "wool"):
        _bump(nodes, links, shader, 60 if finish.material == "leather" else 140)


def _fresh(material):
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    output = nodes.new("ShaderNodeOutputMaterial")
    shader = nodes.new("ShaderNodeBsdfPrincipled")
    links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    return nodes, links, shader


def _image(nodes, path):
    node = nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(path), check_existing=True)
    return node


def _glass(nodes, links, shader, paint) -> None:
    """Thin glass: mostly see-through with a tint, a little mirror; real refraction is grainy at few samples."""
    clear, gloss, mix = (nodes.new(f"ShaderNode{name}") for name in ("BsdfTransparent", "BsdfGlossy", "MixShader"))
    clear.inputs["Color"].default_value = (*(0.62 + 0.3 * float(x) for x in to_linear(paint.diffuse)), 1)
    gloss.inputs["Roughness"].default_value = 0.05
    mix.inputs["Fac"].default_value = 0.16
    links.new(clear.outputs[0], mix.inputs[1])
    links.new(gloss.outputs[0], mix.inputs[2])
    output = next(node for node in nodes if node.type == "OUTPUT_MATERIAL")
    links.new(mix.outputs[0], output.inputs["Surface"])
    nodes.remove(shader)


def _math(nodes, links, operation, first, second):
    node = nodes.new("ShaderNodeMath")
    node.operation = operation
    for socket, value in zip(node.inputs, (first, second), strict=False):
        if isinstance(value, bpy.types.NodeSocket):
            links.new(value, socket)
        else:
            socket.default_value = value
    return node.outputs[0]


def _tint(nodes, links, shader, paint, linear, relief) -> None:
    """Palette colour times (luminance / mean luminance) ** relief."""
    image = _image(nodes, paint.texture)
    grey = nodes.new("ShaderNodeRGBToBW")
    links.new(image.outputs["Color"], grey.inputs[0])
    mean = max(0.01, float(to_linear(mean_colour(paint)) @ [0.2126, 0.7152, 0.0722]))
    ratio = _math(nodes, links, "DIVIDE", grey.outputs[0], mean)
    light = _math(nodes, links, "MINIMUM", _math(nodes, links, "POWER", ratio, relief), 1.7)
    scale = nodes.new("ShaderNodeVectorMath")
    scale.operation = "SCALE"
    scale.inputs[0].default_value = linear
    links.new(light, scale.inputs["Scale"])
    links.new(scale.outputs[0], shader.inputs["Base Color"])
    if paint.texture.suffix.lower() == ".png":
        links.new(image.outputs["Alpha"], shader.inputs["Alpha"])


def _pattern(nodes, links, shader, finish, linear) -> None:
    """Stripes, checks or dots in the shade on a light ground, laid on the object as cloth is: along each face."""
    calc = partial(_math, nodes, links)
    if finish.material == "ceramic":
        place = nodes.new("ShaderNodeSeparateXYZ")
        links.new(nodes.new("ShaderNodeTexCoord").outputs["Object"], place.inputs[0])
        across = up = place.outputs[2]
    else:
        across, up = _along_faces(nodes, links, calc)
    step = PATTERN_STEP[finish.pattern]
    if finish.pattern == "dotted":
        offsets = [calc("SUBTRACT", calc("FRACT", calc("DIVIDE", axis, step), 0), 0.5) for axis in (across, up)]
        squares = [calc("MULTIPLY", offset, offset) for offset in offsets]
        share = calc("LESS_THAN", calc("ADD", *squares), DOT**2)
    else:
        bands = [calc("LESS_THAN", calc("FRACT", calc("DIVIDE", axis, step), 0), 0.5) for axis in (across, up)]
        both = calc("MULTIPLY", calc("ADD", *bands), 0.5)
        share = both if finish.pattern == "checked" else bands[0]
    mix = nodes.new("ShaderNodeMix")
    mix.data_type = "RGBA"
    ground = [float(x) * PALETTE_GAIN for x in to_linear(hex_to_rgb(SHADES[GROUND][1]))]
    links.new(share, mix.inputs["Factor"])
    mix.inputs[6].default_value, mix.inputs[7].default_value = (*ground, 1), (*linear, 1)
    links.new(mix.outputs[2], shader.inputs["Base Color"])


def _along_faces(nodes, links, calc):
    """Two coordinates that run along the surface, by the axis that it faces."""
    coordinates, place, normal = (nodes.new(f"ShaderNode{name}") for name in ("TexCoord", *["SeparateXYZ"] * 2))
    links.new(coordinates.outputs["Object"], place.inputs[0])
    links.new(coordinates.outputs["Normal"], normal.inputs[0])
    x, y, z = (calc("ABSOLUTE", normal.outputs[axis], 0) for axis in range(3))
    sideways = calc("GREATER_THAN", x, calc("MAXIMUM", y, z))
    upwards = calc("GREATER_THAN", z, calc("MAXIMUM", x, y))

    def choose(which, first, second):
        step = calc("SUBTRACT", place.outputs[first], place.outputs[second])
        return calc("ADD", place.outputs[second], calc("MULTIPLY", which, step))

    return choose(sideways, 1, 0), choose(upwards, 1, 2)


def _grain(nodes, links, shader, linear) -> None:
    """Streaks of noise along the longest side, between a darker and a lighter tone of the timber."""
    place, mapping, noise, ramp = (
        nodes.new(f"ShaderNode{name}") for name in ("TexCoord", "Mapping", "TexNoise", "ValToRGB")
    )
    mapping.inputs["Scale"].default_value = (1.2, 16, 16)
    noise.inputs["Scale"].default_value = 2.5
    noise.inputs["Detail"].default_value = 6
    noise.inputs["Distortion"].default_value = 0.8
    links.new(place.outputs["Object"], mapping.inputs["Vector"])
    links.new(mapping.outputs["Vector"], noise.inputs["Vector"])
    links.new(noise.outputs["Fac"], ramp.inputs["Fac"])
    for stop, place_at, tone in zip(ramp.color_ramp.elements, (0.3, 0.7), (0.66, 1.18), strict=True):
        stop.position = place_at
        stop.color = (*(min(1.0, x * tone) for x in linear), 1)
    links.new(ramp.outputs["Color"], shader.inputs["Base Color"])


def _bump(nodes, links, shader, scale) -> None:
    noise, bump = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeBump")
    noise.inputs["Scale"].default_value = scale
    bump.inputs["Strength"].default_value = 0.25
    bump.inputs["Distance"].default_value = 0.01
    links.new(noise.outputs["Fac"], bump.inputs["Height"])
    links.new(bump.outputs["Normal"], shader.inputs["Normal"])
